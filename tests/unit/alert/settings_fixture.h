/*
 * The section `alerts` from YAML, and what was wrong with it.
 */
#ifndef TESTS_UNIT_ALERT_SETTINGS_FIXTURE_H
#define TESTS_UNIT_ALERT_SETTINGS_FIXTURE_H

#include "alert/alert_settings.h"
#include "conf/conf.h"

struct settings_fixture {
	struct conf conf;
	struct alert_settings alerts;
};

/* `yaml` is the content of `alerts:`, indented by two. */
void settings_open(struct settings_fixture *, const char *yaml);
void settings_close(struct settings_fixture *);

struct settings_case {
	const char *yaml;
	const char *errors; /* a line each */
};

/* Each must have exactly these errors. */
void settings_check(const struct settings_case *, size_t count);

/* "severity=critical -> chat, page", a line for each route. */
void settings_assert_routes(const char *yaml, const char *expected);

#endif
