/*
 * One run of one check: state, code, values, message, evidence.
 */
#ifndef CHECK_CHECK_RESULT_H
#define CHECK_CHECK_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "check/check_code.h"
#include "check/check_unit.h"
#include "check/threshold.h"

struct check_value {
	const char *name;     /* "disk_used_percent" */
	const char *instance; /* "/var": one of several of that name; NULL */
	enum check_unit unit;
	double number;
	const char *text;         /* UNIT_TEXT; else NULL */
	struct threshold warning; /* what it was judged by, or what came with it (perfdata) */
	struct threshold critical;
	double min, max;        /* NaN: not known */
	enum check_state state; /* by its thresholds */
};

/* Proof of a failure: a name and a text, or several texts under one name. */
struct check_evidence {
	const char *name;   /* "address", "phases", "certificate", "body", "command" */
	const char **texts; /* outside bytes are escaped already */
	size_t texts_count, texts_alloc;
	bool is_list; /* an array in JSON even when there is one */
};

struct check_result {
	struct arena *arena; /* owns all texts */
	enum check_state state;
	enum check_code code;
	const char *message; /* one line, safe to print; never NULL once done */
	const char *detail;  /* more lines (a plugin's long output); NULL: none */
	struct check_value *values;
	size_t values_count, values_alloc;
	struct check_evidence *evidence;
	size_t evidence_count, evidence_alloc;
	int64_t started_wall_ms;
	int64_t duration_us;
	int attempts;
};

/* Add a number or a text; names and instances are borrowed constants or the arena's. */
struct check_value *check_value_add(
	struct check_result *, const char *name, enum check_unit, double number);
struct check_value *check_value_add_instance(struct check_result *, const char *name,
	const char *instance, enum check_unit, double number);
void check_value_add_text(struct check_result *, const char *name, const char *text);

/* The value called `name`; instance NULL: the one without.  NULL: not there. */
struct check_value *check_value_find(
	const struct check_result *, const char *name, const char *instance);

/* "disk_used_percent" or "disk_used_percent[/var]", as thresholds and JSON have it. */
void check_value_add_key(const struct check_value *, struct strbuf *out);

enum { EVIDENCE_TEXT_MAX = 1024 }; /* bytes of one text; a longer one ends in "..." */

/* Evidence; the text is copied and made safe to print, and takes the place of an earlier one. */
void check_evidence_add(struct check_result *, const char *name, struct str text);
void check_evidence_addf(struct check_result *, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* One of a list: certificates of a chain, addresses tried, steps of a dialogue. */
void check_evidence_append(struct check_result *, const char *name, struct str text);

#endif
