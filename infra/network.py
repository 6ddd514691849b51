"""Where session hosts live and keep their files: a VPC without a way in, and an encrypted file system.

* Public subnets without inbound rules by default: hosts only ever call out, and a NAT gateway would cost more than a
  small deployment's hosts. `nat` puts them into private subnets for those whose rules ask for it. It can be changed
  later: the public subnets stay, the file system is mounted through them in any case (a zone has one mount target), and
  the stack says at all times which subnets there are, not only those that hosts are in (docs/deploy.md has the order).
* DynamoDB and S3 through gateway endpoints, which are free; all other calls go out over TLS.
* The file system is regional: one-zone storage is half the price of what is a few gigabytes, and the loss of its zone
  would cost every number a new QR code. It is reached from the hosts' security group alone, over TLS, as one user.
"""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_efs as efs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.monitoring.board import Board, graph
from infra.monitoring.figures import of_aws
from infra.stages import Stage
from shared.metrics import Statistic

ZONES = 2  # hosts and files outlive a zone; a third would add nothing that a lease does not already give
SESSION_UID = "10001"  # the user that the hosts' image runs as (session_host/Dockerfile)
NFS_PORT = 2049
PUBLIC = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)
PRIVATE = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)


class Network(Construct):
    """`hosts_security_group` is for the hosts alone; `host_subnets` is where they run."""

    vpc: ec2.Vpc
    host_subnets: ec2.SubnetSelection
    hosts_security_group: ec2.SecurityGroup
    files: efs.FileSystem
    sessions: efs.AccessPoint

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id)
        self.host_subnets = PRIVATE if stage.nat else PUBLIC
        self.vpc = self._vpc(stage)
        for subnet in (*self.vpc.public_subnets, *self.vpc.private_subnets):
            Stack.of(self).export_value(subnet.subnet_id)
        self.hosts_security_group = ec2.SecurityGroup(
            self, "hosts", vpc=self.vpc, description="Session hosts: they call out and nobody calls them"
        )
        self.files = self._files(stage)
        self.sessions = self.files.add_access_point(
            "sessions",
            path="/sessions",
            create_acl=efs.Acl(owner_uid=SESSION_UID, owner_gid=SESSION_UID, permissions="700"),
            posix_user=efs.PosixUser(uid=SESSION_UID, gid=SESSION_UID),
        )

    def _vpc(self, stage: Stage) -> ec2.Vpc:
        subnets = [ec2.SubnetConfiguration(name="public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=20)]
        if stage.nat:
            egress = ec2.SubnetType.PRIVATE_WITH_EGRESS
            subnets.append(ec2.SubnetConfiguration(name="private", subnet_type=egress, cidr_mask=20))
        vpc = ec2.Vpc(
            self,
            "vpc",
            vpc_name=stage.prefix,
            ip_addresses=ec2.IpAddresses.cidr("10.42.0.0/16"),
            max_azs=ZONES,
            nat_gateways=stage.nat_gateways if stage.nat else 0,
            subnet_configuration=subnets,
            gateway_endpoints={
                "dynamodb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
                "s3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
            },
        )
        self._log_rejected(vpc, stage)
        return vpc

    def _log_rejected(self, vpc: ec2.Vpc, stage: Stage) -> None:
        """Only what was turned away: what hosts say to WhatsApp is many gigabytes, and theirs."""
        group = logs.LogGroup(
            self,
            "flows",
            log_group_name=f"/{stage.prefix}/network",
            retention=logs.RetentionDays.ONE_WEEK,
            removal_policy=RemovalPolicy.DESTROY,
        )
        destination = ec2.FlowLogDestination.to_cloud_watch_logs(group)
        vpc.add_flow_log("rejected", destination=destination, traffic_type=ec2.FlowLogTrafficType.REJECT)

    def _files(self, stage: Stage) -> efs.FileSystem:
        group = ec2.SecurityGroup(
            self, "files-access", vpc=self.vpc, description="Session files: hosts only", allow_all_outbound=False
        )
        group.add_ingress_rule(self.hosts_security_group, ec2.Port.tcp(NFS_PORT), "Session files for hosts")
        return efs.FileSystem(
            self,
            "files",
            vpc=self.vpc,
            vpc_subnets=PUBLIC,
            security_group=group,
            file_system_name=f"{stage.prefix}-sessions",
            encrypted=True,
            throughput_mode=efs.ThroughputMode.ELASTIC if stage.elastic_files else efs.ThroughputMode.BURSTING,
            enable_automatic_backups=stage.file_backups,
            file_system_policy=_files_policy(),
            allow_anonymous_access=True,  # leaves the policy as it is: CDK's own lets anybody write who can mount
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )


def _files_policy() -> iam.PolicyDocument:
    """It allows nothing, so that only a role's own policy can; and neither the root user nor a mount without TLS."""
    everybody = [iam.AnyPrincipal()]
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    deny = iam.Effect.DENY
    return iam.PolicyDocument(
        statements=[
            iam.PolicyStatement(effect=deny, principals=everybody, actions=["elasticfilesystem:*"], conditions=plain),
            iam.PolicyStatement(effect=deny, principals=everybody, actions=["elasticfilesystem:ClientRootAccess"]),
        ]
    )


def show_files(board: Board, file_system_id: str) -> None:
    """Where it gets slow: the limit of operations, and the credits of a file system that bursts."""
    files = {"FileSystemId": file_system_id}
    board.show(
        "Session files",
        [
            graph(
                "Of the limit of operations, %", of_aws("EFS", "PercentIOLimit", files, Statistic.MAXIMUM), per_row=4
            ),
            graph("Burst credits, bytes", of_aws("EFS", "BurstCreditBalance", files, "Minimum"), per_row=4),
            graph("Read and written, bytes", of_aws("EFS", "TotalIOBytes", files), per_row=4),
            graph("Mounted by", of_aws("EFS", "ClientConnections", files), per_row=4),
        ],
    )
