"""What a month of a deployment costs at AWS's list prices: `python -m infra.cost`.

prices.py    list prices, with their date and where they are from
traffic.py   what customers are taken to do, and what each thing they do was measured to need
template.py  what the synthesised templates say
bill.py      the lines of the bill: need x price
report.py    the tables of docs/cost.md
"""
