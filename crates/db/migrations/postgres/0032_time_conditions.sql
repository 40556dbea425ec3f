-- When an access policy is in force: the pattern and the rule of its condition of time, as JSON. One without is always in force.

ALTER TABLE policies ADD COLUMN time_condition TEXT
