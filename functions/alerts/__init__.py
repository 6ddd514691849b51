"""Tells people of alarms: what CloudWatch says (cloudwatch), in words (text), to Slack, Discord or any URL (send).

Only `handler` and `cloudwatch` know of SNS; whoever has an Alert can have it told by `text` and `send`.
"""
