-- What a tool call is found by among the records: taken out of its detail as it is appended. What is shown of a call comes
-- from the detail, which is sealed.
ALTER TABLE journal ADD COLUMN call_outcome TEXT;
ALTER TABLE journal ADD COLUMN call_connector TEXT;
ALTER TABLE journal ADD COLUMN call_connection TEXT;
ALTER TABLE journal ADD COLUMN call_account TEXT;
ALTER TABLE journal ADD COLUMN call_source TEXT;
ALTER TABLE journal ADD COLUMN call_run TEXT;
CREATE INDEX journal_calls ON journal (environment_id, id) WHERE call_outcome IS NOT NULL;
CREATE INDEX journal_calls_of_account ON journal (environment_id, call_account, id) WHERE call_outcome IS NOT NULL;
