-- How much is kept, for a reader and for an environment, is summed from an index alone.
CREATE INDEX kept_answers_by_reader ON kept_answers (environment_id, reader, bytes);
