-- So that calls that failed are found without those that were done, and accounts that are not renewed without the others.
CREATE INDEX journal_calls_failed ON journal (environment_id, call_outcome, id)
  WHERE call_outcome IS NOT NULL AND call_outcome <> 'ok';
CREATE INDEX connected_accounts_refused ON connected_accounts (environment_id, id) WHERE refused_at IS NOT NULL;
