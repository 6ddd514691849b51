"""AWS's list prices for us-east-1 in US dollars, without free tiers, discounts, savings plans and taxes.

As of AS_OF, from the services' pricing pages (https://aws.amazon.com/<service>/pricing/); the first tier of each.
Other regions differ, mostly by 0 to 20 %. When a price changes, change it here and run `python -m infra.cost --write`.
"""

from __future__ import annotations

AS_OF = "2026-06"
REGION = "us-east-1"

HOURS = 730  # of a month, as AWS counts
DAYS = HOURS / 24
SECONDS = HOURS * 3600
MILLION = 1_000_000
GIGABYTE = 1_000_000_000

# API Gateway and WAF
REST_CALL = 3.50 / MILLION
WEB_ACL = 5.00  # a month
WEB_ACL_RULE = 1.00  # a month; a managed group of AWS counts as one
WEB_ACL_CALL = 0.60 / MILLION

# Lambda on arm64
LAMBDA_CALL = 0.20 / MILLION
LAMBDA_GB_S = 0.0000133334
SNAPSHOT_GB_S = 0.0000015046  # kept for a published version
SNAPSHOT_RESTORED_GB = 0.0001397998

# DynamoDB on demand
WRITE_UNIT = 0.625 / MILLION
READ_UNIT = 0.125 / MILLION
TABLE_GB = 0.25  # a month
TABLE_RECOVERY_GB = 0.20  # a month, point-in-time recovery

# SQS
FIFO_CALL = 0.50 / MILLION
FAIR_CALL = 0.50 / MILLION  # a standard queue's 0.40, and 0.10 for messages with a group

# Session hosts: Fargate on arm64, their addresses, their files
VCPU_HOUR = 0.03238
MEMORY_GB_HOUR = 0.00356
IPV4_HOUR = 0.005
NAT_HOUR = 0.045
FILES_GB = 0.30  # a month, EFS regional
FILES_READ_GB = 0.03  # elastic throughput
FILES_WRITTEN_GB = 0.06
FILES_BACKUP_GB = 0.05  # a month

# CloudWatch
LOG_GB = 0.50
LOG_KEPT_GB = 0.03  # a month; kept compressed to a fifth or less
METRIC = 0.30  # a month
ALARM = 0.10  # a month and metric
DASHBOARD = 3.00  # a month

SECRET = 0.40  # a month
KEY = 1.00  # a month, KMS
GB_OUT = 0.09  # to the internet
