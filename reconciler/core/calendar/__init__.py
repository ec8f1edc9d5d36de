"""When releases may happen: release days, holidays, freezes, windows and whose turn it is.

Values in, values out: the moment that is asked about is always a parameter. One module each knows
recurrence rules (`rules`), public holidays (`publicdays`), time zones (`zones`) and the iCalendar
format (`export`); their libraries are loaded when a calendar is asked something, not before.
"""
