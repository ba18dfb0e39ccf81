"""Where covers come from: every module here yields `helpers.records.Record` objects."""
