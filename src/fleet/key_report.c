/*
 * Host keys as text, JSON and CSV.  See key_report.h.
 */
#include "fleet/key_report.h"

#include <assert.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/csv_writer.h"
#include "base/json_writer.h"
#include "base/map.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "conf/nodeset.h"
#include "net/ssh_host_key.h"
#include "net/ssh_host_words.h"

static const struct {
	const char *name;  /* for programs */
	const char *shown; /* for people */
	const char *mark;
	enum color color;
} states[] = {
	[KEY_REPORT_KNOWN] = {"known", "known", "✓", COLOR_GREEN},
	[KEY_REPORT_AUTHORITY] = {"authority", "known through an authority", "✓", COLOR_GREEN},
	[KEY_REPORT_RECORDED] = {"recorded", "recorded", "✓", COLOR_GREEN},
	[KEY_REPORT_EXPECTED] = {"expected", "new, as expected", "✓", COLOR_GREEN},
	[KEY_REPORT_NEW] = {"new", "new", "✗", COLOR_YELLOW},
	[KEY_REPORT_CHANGED] = {"changed", "CHANGED", "✗", COLOR_RED},
	[KEY_REPORT_REVOKED] = {"revoked", "REVOKED", "✗", COLOR_RED},
	[KEY_REPORT_UNREACHABLE] = {"unreachable", "unreachable", "✗", COLOR_YELLOW},
};

static_assert(ARRAY_LEN(states) == KEY_REPORT_STATES_MAX, "a row for each state");

static enum key_report_state state_of_keys(enum ssh_key_state state)
{
	switch (state) {
	case SSH_KEY_KNOWN:
		return KEY_REPORT_KNOWN;
	case SSH_KEY_AUTHORITY:
		return KEY_REPORT_AUTHORITY;
	case SSH_KEY_NEW:
		return KEY_REPORT_NEW;
	case SSH_KEY_CHANGED:
		return KEY_REPORT_CHANGED;
	case SSH_KEY_REVOKED:
	case SSH_KEY_STATES_MAX:
		break;
	}
	return KEY_REPORT_REVOKED;
}

enum key_report_state key_report_state(const struct key_plan *plan, size_t host)
{
	if (plan->hosts[host].review.keys_count == 0) {
		return KEY_REPORT_UNREACHABLE;
	}
	if (plan->items[host].is_done) {
		return KEY_REPORT_RECORDED;
	}
	if (plan->hosts[host].review.state == SSH_KEY_NEW && plan->hosts[host].is_compared &&
		plan->hosts[host].unexpected == 0) {
		return KEY_REPORT_EXPECTED;
	}
	return state_of_keys(plan->hosts[host].review.state);
}

bool key_report_is_good(const struct key_plan *plan)
{
	for (size_t i = 0; i < plan->hosts_count; i++) {
		if (plan->hosts[i].problem || plan->items[i].failure || plan->items[i].refusal ||
			key_report_state(plan, i) > KEY_REPORT_EXPECTED) {
			return false;
		}
	}
	return true;
}

/* --- text ----------------------------------------------------------------------------------- */

static void add_outside(struct strbuf *out, const char *text)
{
	utf8_add_escaped(out, str_of(text), 1000);
}

static void add_place(struct strbuf *out, const char *path, size_t line)
{
	add_outside(out, path);
	strbuf_addf(out, ":%zu", line);
}

static void add_key_line(struct strbuf *out, const struct ssh_reviewed_key *key, bool is_compared)
{
	struct strbuf text = STRBUF_INIT;
	struct str type = str_of("unknown");

	(void)ssh_host_key_type(key->blob, &type);
	ssh_host_key_add_fingerprint(&text, key->blob);
	strbuf_addf(out, "    %-8.*s %s  %s", STR_ARG(ssh_host_key_short_type(type)), text.buf,
		ssh_key_state_name(key->state));
	strbuf_clear(&text);
	switch (key->state) {
	case SSH_KEY_CHANGED:
		strbuf_adds(out, ": ");
		add_place(out, key->path, key->line);
		ssh_host_words_add_key(&text, key->known);
		strbuf_addf(out, " has %s", text.buf);
		break;
	case SSH_KEY_REVOKED:
	case SSH_KEY_AUTHORITY:
		strbuf_adds(out, " by ");
		add_place(out, key->path, key->line);
		break;
	case SSH_KEY_KNOWN:
	case SSH_KEY_NEW:
	case SSH_KEY_STATES_MAX:
		break;
	}
	if (is_compared && key->state != SSH_KEY_KNOWN) {
		strbuf_adds(out, key->is_expected ? ", as expected" : ", NOT EXPECTED");
	}
	strbuf_addc(out, '\n');
	strbuf_release(&text);
}

/* A key that was shown instead of it has told of it. */
static bool is_told(const struct ssh_key_review *review, const struct ssh_hosts_finding *missing)
{
	for (size_t i = 0; i < review->keys_count; i++) {
		if (review->keys[i].state == SSH_KEY_CHANGED &&
			str_eq(review->keys[i].known, missing->blob)) {
			return true;
		}
	}
	return false;
}

static void add_missing(struct strbuf *out, const struct ssh_key_review *review)
{
	struct strbuf key = STRBUF_INIT;

	for (size_t i = 0; i < review->missing_count; i++) {
		const struct ssh_hosts_finding *missing = &review->missing[i];

		if (is_told(review, missing)) {
			continue;
		}
		strbuf_clear(&key);
		ssh_host_words_add_key(&key, missing->blob);
		strbuf_adds(out, "    not shown: ");
		add_place(out, missing->path, missing->line);
		strbuf_addf(out, " has %s\n", key.buf);
	}
	strbuf_release(&key);
}

/* All but the name. */
static void add_answer(struct strbuf *out, const struct key_report *report, size_t at)
{
	const struct key_plan *plan = report->plan;
	const struct surveyed_host *host = &plan->hosts[at];
	enum key_report_state state = key_report_state(plan, at);

	color_add(out, report->has_color, states[state].color, str_of(states[state].shown));
	if (host->problem) {
		strbuf_adds(out, state == KEY_REPORT_UNREACHABLE ? ": " : ", perhaps not all: ");
		add_outside(out, host->problem);
	}
	strbuf_addc(out, '\n');
	for (size_t i = 0; i < host->review.keys_count; i++) {
		add_key_line(out, &host->review.keys[i], host->is_compared);
	}
	add_missing(out, &host->review);
}

/* Hosts with one answer. */
struct alike {
	struct nodeset names;
	struct strbuf answer;
	enum key_report_state state;
};

struct gathering {
	struct map *by_answer;
	struct alike **groups; /* in the order of their first hosts */
	size_t groups_count, groups_alloc;
};

static void gather(struct gathering *gathering, const struct key_report *report, size_t at,
	struct arena *arena)
{
	struct strbuf answer = STRBUF_INIT;
	struct alike *alike;

	add_answer(&answer, report, at);
	alike = map_get(gathering->by_answer, strbuf_str(&answer));
	if (!alike) {
		alike = xcalloc(1, sizeof(*alike));
		alike->answer = (struct strbuf)STRBUF_INIT;
		strbuf_addstr(&alike->answer, strbuf_str(&answer));
		alike->state = key_report_state(report->plan, at);
		nodeset_init(&alike->names, arena);
		(void)map_set(gathering->by_answer, strbuf_str(&answer), alike);
		*VEC_PUSH(gathering, groups) = alike;
	}
	(void)nodeset_add(&alike->names, str_of(report->plan->hosts[at].name));
	strbuf_release(&answer);
}

static void add_counts(struct strbuf *out, const struct key_plan *plan)
{
	size_t counts[KEY_REPORT_STATES_MAX] = {0};
	bool is_first = true;

	for (size_t i = 0; i < plan->hosts_count; i++) {
		counts[key_report_state(plan, i)]++;
	}
	for (size_t i = 0; i < KEY_REPORT_STATES_MAX; i++) {
		if (counts[i] > 0) {
			strbuf_addf(
				out, "%s%zu %s", is_first ? "" : ", ", counts[i], states[i].shown);
			is_first = false;
		}
	}
	strbuf_addc(out, '\n');
}

void key_report_add_text(const struct key_report *report, struct arena *arena, struct strbuf *out)
{
	struct gathering gathering = {.by_answer = map_new(MAP_KEYS_COPIED)};

	for (size_t i = 0; i < report->plan->hosts_count; i++) {
		gather(&gathering, report, i, arena);
	}
	for (size_t i = 0; i < gathering.groups_count; i++) {
		struct alike *alike = gathering.groups[i];

		color_add(out, report->has_color, states[alike->state].color,
			str_of(states[alike->state].mark));
		strbuf_addf(out, " %s: %s", nodeset_fold(&alike->names, arena), alike->answer.buf);
		strbuf_release(&alike->answer);
		free(alike);
	}
	free(gathering.groups);
	map_free(gathering.by_answer);
	add_counts(out, report->plan);
}

/* --- for programs --------------------------------------------------------------------------- */

static void json_field_fingerprint(struct json_writer *json, const char *name, struct str blob)
{
	struct strbuf text = STRBUF_INIT;

	ssh_host_key_add_fingerprint(&text, blob);
	json_field_string(json, name, text.buf);
	strbuf_release(&text);
}

static void json_key(struct json_writer *json, struct str blob)
{
	struct str type = str_of("unknown");

	(void)ssh_host_key_type(blob, &type);
	json_field_str(json, "type", type);
	json_field_fingerprint(json, "fingerprint", blob);
}

static void json_place(struct json_writer *json, const char *path, size_t line)
{
	if (line > 0) {
		json_field_string(json, "file", path);
		json_field_int(json, "line", (int64_t)line);
	}
}

static void json_keys(
	struct json_writer *json, const struct ssh_key_review *review, bool is_compared)
{
	json_write_key(json, "keys");
	json_write_array_begin(json);
	for (size_t i = 0; i < review->keys_count; i++) {
		const struct ssh_reviewed_key *key = &review->keys[i];

		json_write_object_begin(json);
		json_key(json, key->blob);
		json_field_string(json, "state", ssh_key_state_name(key->state));
		if (is_compared) {
			json_field_bool(json, "expected", key->is_expected);
		}
		json_place(json, key->path, key->line);
		if (key->state == SSH_KEY_CHANGED) {
			json_field_fingerprint(json, "known_fingerprint", key->known);
		}
		json_write_object_end(json);
	}
	json_write_array_end(json);
	json_write_key(json, "not_shown");
	json_write_array_begin(json);
	for (size_t i = 0; i < review->missing_count; i++) {
		json_write_object_begin(json);
		json_key(json, review->missing[i].blob);
		json_place(json, review->missing[i].path, review->missing[i].line);
		json_write_object_end(json);
	}
	json_write_array_end(json);
}

/* Why it is not as it should be; NULL: it is. */
static const char *message_of(const struct key_plan *plan, size_t at)
{
	const struct key_plan_item *item = &plan->items[at];

	if (item->failure) {
		return item->failure;
	}
	return plan->hosts[at].problem ? plan->hosts[at].problem : item->refusal;
}

static void json_host(struct json_writer *json, const struct key_report *report, size_t at)
{
	const struct surveyed_host *host = &report->plan->hosts[at];

	json_write_object_begin(json);
	json_field_string(json, "name", host->name);
	json_field_string(json, "state", states[key_report_state(report->plan, at)].name);
	json_field_string(json, "known_as", host->known_as);
	json_field_string(json, "message", message_of(report->plan, at));
	json_field_bool(json, "recorded", report->plan->items[at].is_done);
	json_keys(json, &host->review, host->is_compared);
	json_write_object_end(json);
}

void key_report_add_json(const struct key_report *report, struct strbuf *out)
{
	const struct key_plan *plan = report->plan;
	size_t counts[KEY_REPORT_STATES_MAX] = {0};
	struct json_writer json;

	for (size_t i = 0; i < plan->hosts_count; i++) {
		counts[key_report_state(plan, i)]++;
	}
	json_document_begin(&json, out, "fleet keys");
	json_field_time(&json, "started", report->started_wall_ms);
	json_field_double(&json, "duration_seconds", (double)report->duration_ms / 1000);
	json_field_bool(&json, "dry_run", report->is_dry_run);
	json_write_key(&json, "summary");
	json_write_object_begin(&json);
	json_field_int(&json, "total", (int64_t)plan->hosts_count);
	for (size_t i = 0; i < KEY_REPORT_STATES_MAX; i++) {
		json_field_int(&json, states[i].name, (int64_t)counts[i]);
	}
	json_write_object_end(&json);
	json_write_key(&json, "results");
	json_write_array_begin(&json);
	for (size_t i = 0; i < plan->hosts_count; i++) {
		json_host(&json, report, i);
	}
	json_write_array_end(&json);
	json_document_end(&json);
}

static void csv_key(struct csv_writer *csv, const struct ssh_reviewed_key *key)
{
	struct strbuf text = STRBUF_INIT;
	struct str type = str_of("unknown");

	(void)ssh_host_key_type(key->blob, &type);
	ssh_host_key_add_fingerprint(&text, key->blob);
	csv_write_str(csv, type);
	csv_write_str(csv, strbuf_str(&text));
	csv_write_string(csv, ssh_key_state_name(key->state));
	csv_write_string(csv, key->path);
	if (key->line > 0) {
		csv_write_int(csv, (int64_t)key->line);
	} else {
		csv_write_string(csv, NULL);
	}
	strbuf_clear(&text);
	if (key->state == SSH_KEY_CHANGED) {
		ssh_host_key_add_fingerprint(&text, key->known);
	}
	csv_write_str(csv, strbuf_str(&text));
	strbuf_release(&text);
}

static void csv_row(struct csv_writer *csv, const struct key_report *report, size_t at,
	const struct ssh_reviewed_key *key)
{
	csv_write_string(csv, report->plan->hosts[at].name);
	csv_write_string(csv, states[key_report_state(report->plan, at)].name);
	if (key) {
		csv_key(csv, key);
	} else {
		for (int i = 0; i < 6; i++) {
			csv_write_string(csv, NULL);
		}
	}
	csv_write_string(csv, message_of(report->plan, at));
	csv_end_row(csv);
}

void key_report_add_csv(const struct key_report *report, struct strbuf *out)
{
	static const char *const names[] = {"name", "state", "type", "fingerprint", "key_state",
		"file", "line", "known_fingerprint", "message"};
	const struct key_plan *plan = report->plan;
	struct csv_writer csv;

	csv_writer_init(&csv, out);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		csv_write_string(&csv, names[i]);
	}
	csv_end_row(&csv);
	for (size_t i = 0; i < plan->hosts_count; i++) {
		const struct ssh_key_review *review = &plan->hosts[i].review;

		for (size_t k = 0; k < review->keys_count; k++) {
			csv_row(&csv, report, i, &review->keys[k]);
		}
		if (review->keys_count == 0) {
			csv_row(&csv, report, i, NULL);
		}
	}
}

void key_report_tell(const struct key_plan *plan, struct run_report *run)
{
	for (size_t i = 0; i < plan->hosts_count; i++) {
		enum key_report_state state = key_report_state(plan, i);
		const char *message = message_of(plan, i);
		struct strbuf text = STRBUF_INIT;

		if (state > KEY_REPORT_EXPECTED || message) {
			strbuf_addf(&text, "%s: host key: %s%s%s", plan->hosts[i].name,
				states[state].name, message ? ": " : "", message ? message : "");
			run_report_add(run, REPORT_ERRORS, strbuf_str(&text));
		}
		strbuf_release(&text);
	}
}

/* --- what was written ----------------------------------------------------------------------- */

void key_report_add_outcome(const struct key_report *report, struct strbuf *out)
{
	const struct key_plan *plan = report->plan;
	size_t done = 0, planned = 0;

	for (size_t i = 0; i < plan->hosts_count; i++) {
		const struct key_plan_item *item = &plan->items[i];
		const char *why = item->failure ? item->failure : item->refusal;

		done += item->is_done ? item->keys : 0;
		planned += item->keys;
		if (why) {
			strbuf_addf(out, "%s: not recorded: ", plan->hosts[i].name);
			add_outside(out, why);
			strbuf_addc(out, '\n');
		}
	}
	if (report->is_dry_run && planned > 0) {
		strbuf_addf(out, "would record %zu key%s in ", planned, planned == 1 ? "" : "s");
	} else if (done > 0) {
		strbuf_addf(out, "recorded %zu key%s in ", done, done == 1 ? "" : "s");
	} else {
		return;
	}
	key_plan_add_files(plan, out);
	strbuf_addc(out, '\n');
}
