"""The alarms of shared/alarms on one machine: judged by what /monitoring/metrics is made of, told by functions/alerts.

    reading    one look at the figures, every half minute
    history    the looks of the last while, and what an alarm's periods were by them
    judge      whether an alarm is on, in CloudWatch's terms
    told       what each target was told last, kept in the data folder: a restart tells nothing again
    watch      looks, judges, tells what has changed
    targets    HIVEWP_ALERT_URLS

Figures live in memory only. After a start an alarm that was told stays as it is until enough periods have passed to say
that it is over. A process that dies between telling and noting it tells once more.
"""
