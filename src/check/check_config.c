/*
 * From rows and targets to checks that can be run.  See check_config.h.
 */
#include "check/check_config.h"

#include <string.h>

#include "base/alloc.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/suggest.h"
#include "base/utf8.h"
#include "check/check_kinds.h"
#include "check/judge.h"
#include "conf/option_settings.h"
#include "net/url.h"

enum { DAY_MS = 24 * 3600 * 1000 };

#define SCHEME_OF_SERVERS "ssh" /* what a name without any means */

// clang-format off
const struct option_row check_defaults_rows[] = {
	{.name = "interval", .type = &option_duration, .offset = offsetof(struct check_defaults, interval_ms),
	 .def = "30s", .min = 100, .max = DAY_MS, .help = "time between two runs of a check"},
	{.name = "timeout", .type = &option_duration, .offset = offsetof(struct check_defaults, timeout_ms),
	 .def = "10s", .min = 1, .max = DAY_MS, .help = "deadline of one attempt, all of it"},
	{.name = "attempts", .type = &option_int, .offset = offsetof(struct check_defaults, attempts),
	 .def = "1", .min = 1, .max = 100, .help = "failures in a row before a check counts as failed"},
	{.name = "recover", .type = &option_int, .offset = offsetof(struct check_defaults, recover),
	 .def = "1", .min = 1, .max = 100, .help = "successes in a row before it counts as healthy again"},
	{0},
};

static const struct option_row check_rows[] = {
	{.name = "name", .type = &option_string, .offset = offsetof(struct check, name),
	 .help = "its name in output, alerts and --name; the target if not given"},
	{.name = "tags", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct check, tags),
	 .help = "words to choose checks by (--tag)"},
	{.name = "labels", .shape = OPTION_MAP, .type = &option_string, .offset = offsetof(struct check, labels),
	 .help = "names and values that go with its results"},
	{.name = "warning", .shape = OPTION_MAP, .type = &option_threshold, .offset = offsetof(struct check, warning),
	 .help = "thresholds on values, for example total_seconds: 1"},
	{.name = "critical", .shape = OPTION_MAP, .type = &option_threshold, .offset = offsetof(struct check, critical),
	 .help = "the same, for the state critical"},
	{.name = "interval", .type = &option_duration, .offset = offsetof(struct check, interval_ms),
	 .min = 100, .max = DAY_MS, .help = "time between two runs; else that of defaults"},
	{.name = "timeout", .type = &option_duration, .offset = offsetof(struct check, timeout_ms),
	 .min = 1, .max = DAY_MS, .help = "deadline of one attempt, all of it; else that of defaults"},
	{.name = "attempts", .type = &option_int, .offset = offsetof(struct check, attempts),
	 .min = 1, .max = 100, .help = "failures in a row before it counts as failed; else that of defaults"},
	{.name = "recover", .type = &option_int, .offset = offsetof(struct check, recover),
	 .min = 1, .max = 100, .help = "successes in a row before it is healthy again; else that of defaults"},
	{.name = "depends_on", .shape = OPTION_LIST, .type = &option_string, .offset = offsetof(struct check, depends_on),
	 .help = "names of checks without which this one cannot be well"},
	{.name = "runbook", .type = &option_string, .offset = offsetof(struct check, runbook),
	 .help = "where it is written what to do"},
	{0},
};
// clang-format on

const struct option_variants check_variants = {
	.what = "check",
	.common = check_rows,
	.item_size = sizeof(struct check),
	.variant_offset = offsetof(struct check, variant),
	.opts_offset = offsetof(struct check, opts),
	.origin_offset = offsetof(struct check, origin),
	.kinds = check_kind_variants,
};

static void fill_in(struct check *check, const struct check_defaults *defaults, struct arena *arena)
{
	check->kind = check->variant->object;
	if (!check->target) {
		check->target = check->kind->target(check->opts, arena);
	}
	if (!check->name) {
		check->name = check->target;
	}
	if (check->interval_ms == 0) {
		check->interval_ms = defaults->interval_ms;
	}
	if (check->timeout_ms == 0) {
		check->timeout_ms = defaults->timeout_ms;
	}
	if (check->attempts == 0) {
		check->attempts = defaults->attempts;
	}
	if (check->recover == 0) {
		check->recover = defaults->recover;
	}
}

static int thresholds_check(const struct check *check, const char *which,
	const struct option_map *thresholds, struct err *err)
{
	for (size_t i = 0; i < thresholds->count; i++) {
		if (check_threshold_check(check->kind, thresholds->keys[i],
			    &OPTION_AT(thresholds, struct threshold, i), err) < 0) {
			return err_wrap(err, "%s", which);
		}
	}
	return 0;
}

static int check_validate(const struct check *check, struct err *err)
{
	if (thresholds_check(check, "warning", &check->warning, err) < 0) {
		return -1;
	}
	return thresholds_check(check, "critical", &check->critical, err);
}

static void unknown_dependency(struct conf *conf, const struct option_items *checks,
	const struct check *check, const char *name)
{
	const char **names = arena_calloc(conf->arena, checks->count, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < checks->count; i++) {
		names[i] = ((const struct check *)checks->items[i])->name;
	}
	near = suggest(str_of(name), names, checks->count);
	conf_error(conf, check->origin,
		"check '%s' depends on '%s', and there is no such check%s%s%s", check->name, name,
		near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void depends_check(struct conf *conf, const struct map *by_name,
	const struct option_items *checks, const struct check *check)
{
	for (size_t i = 0; i < check->depends_on.count; i++) {
		const char *name = OPTION_AT(&check->depends_on, const char *, i);

		if (!map_has(by_name, str_of(name))) {
			unknown_dependency(conf, checks, check, name);
		}
	}
}

static void name_check(struct conf *conf, struct map *by_name, struct check *check)
{
	const struct check *twin = map_get(by_name, str_of(check->name));

	if (twin) {
		conf_error(conf, check->origin,
			"a check called '%s' is already at %s; give one of them another name",
			check->name, twin->origin);
	} else {
		map_set(by_name, str_of(check->name), check);
	}
}

static void finish_one(
	struct conf *conf, const struct check_defaults *defaults, struct check *check)
{
	struct err err = {0};

	fill_in(check, defaults, conf->arena);
	if (check_validate(check, &err) < 0) {
		conf_error(conf, check->origin, "check '%s': %s", check->name, err.msg);
	}
}

void check_config_finish(
	struct conf *conf, const struct check_defaults *defaults, const struct option_items *checks)
{
	struct map *by_name = map_new(MAP_KEYS_BORROWED);
	bool is_complete = conf->errors_count == 0; /* else some may be missing */

	for (size_t i = 0; i < checks->count; i++) {
		struct check *check = checks->items[i];

		if (check->opts) {
			finish_one(conf, defaults, check);
		}
		if (check->name) {
			name_check(conf, by_name, check);
		}
	}
	for (size_t i = 0; i < checks->count && is_complete; i++) {
		depends_check(conf, by_name, checks, checks->items[i]);
	}
	map_free(by_name);
}

struct check *check_for_server(const struct check *check, const char *server, struct arena *arena)
{
	struct check *copy = arena_alloc(arena, sizeof(*copy));
	void *opts = arena_alloc(arena, check->variant->opts_size);

	memcpy(opts, check->opts, check->variant->opts_size);
	check->kind->set_server(opts, server, arena);
	*copy = *check;
	copy->opts = opts;
	copy->target = check->kind->target(opts, arena);
	copy->family = check->name;
	copy->name = strcmp(check->name, check->target) == 0
			     ? copy->target
			     : arena_printf(arena, "%s/%s", check->name, server);
	return copy;
}

static void expand_one(struct conf *conf, const struct option_context *context,
	const struct check *check, struct inventory *inventory, struct option_items *add_to)
{
	const char *servers = check->kind->servers(check->opts);
	struct nodeset set = {0};
	struct err err = {0};

	if (inventory_select(inventory, str_of(servers), conf->arena, &set, &err) < 0) {
		conf_error(conf, check->origin, "check '%s': %s", check->name, err.msg);
		return;
	}
	for (size_t i = 0; i < set.names_count; i++) {
		option_items_add(
			context, check_for_server(check, set.names[i], conf->arena), add_to);
	}
}

void check_config_expand(struct conf *conf, const struct option_items *checks,
	struct inventory *inventory, struct option_items *ret_checks)
{
	const struct option_context context = {.arena = conf->arena};
	struct map *by_name = map_new(MAP_KEYS_BORROWED);
	struct option_items all = {0};

	for (size_t i = 0; i < checks->count; i++) {
		struct check *check = checks->items[i];

		if (check->kind->has_servers && check->kind->has_servers(check->opts)) {
			expand_one(conf, &context, check, inventory, &all);
		} else {
			option_items_add(&context, check, &all);
		}
	}
	for (size_t i = 0; i < all.count; i++) {
		name_check(conf, by_name, all.items[i]);
	}
	map_free(by_name);
	*ret_checks = all;
}

/* Those that the check's kind has, or every check; why another is none is kept for its owner. */
static int settings_apply(struct check *check, struct check_setting *settings, size_t count,
	struct arena *arena, struct err *err)
{
	const struct option_context context = {.arena = arena};
	const struct option_set sets[] = {
		{.rows = check->variant->rows, .base = check->opts},
		{.rows = check_rows, .base = check},
		{0},
	};
	struct option_settings apply;

	option_settings_init(&apply, sets, &context);
	for (size_t i = 0; i < count; i++) {
		struct check_setting *setting = &settings[i];

		if (!option_settings_know(&apply, setting->text)) {
			(void)option_settings_apply(&apply, setting->text, &setting->why);
			(void)err_wrap(&setting->why, "kind '%s'", check->variant->name);
			continue;
		}
		if (option_settings_apply(&apply, setting->text, err) < 0) {
			return -1;
		}
		setting->is_used = true;
	}
	return 0;
}

/* Name the target, unless the error does so already. */
static int wrap_target(struct str target, struct err *err)
{
	struct strbuf shown = STRBUF_INIT;

	url_add_masked(target, &shown);
	if (err && !strstr(err->msg, shown.buf)) {
		err_wrap(err, "'%s'", shown.buf);
	}
	strbuf_release(&shown);
	return -1;
}

/* With the nearest known one, or all of them. */
static int unknown_scheme(struct str target, struct str scheme, struct err *err)
{
	const char *names[64];
	size_t count = 0;
	size_t kinds_count = 0;
	const struct check_kind *const *kinds = check_kinds(&kinds_count);
	struct strbuf list = STRBUF_INIT;
	struct strbuf shown = STRBUF_INIT;
	const char *near;

	url_add_masked(target, &shown);
	for (size_t i = 0; i < kinds_count; i++) {
		for (const char *const *s = kinds[i]->schemes; *s && count < ARRAY_LEN(names);
			s++) {
			strbuf_addf(&list, "%s%s", count ? ", " : "", *s);
			names[count++] = *s;
		}
	}
	near = suggest(scheme, names, count);
	if (near) {
		err_set(err, ERR_INPUT, "unknown scheme '%s:' in '%s'; did you mean '%s:'?",
			utf8_quote(scheme).text, shown.buf, near);
	} else {
		err_set(err, ERR_INPUT, "unknown scheme '%s:' in '%s'; known are %s",
			utf8_quote(scheme).text, shown.buf, list.buf);
	}
	strbuf_release(&shown);
	strbuf_release(&list);
	return -1;
}

int check_from_target(struct str target, const struct check_defaults *defaults,
	struct check_setting *settings, size_t settings_count, struct arena *arena,
	const struct check **ret_check, struct err *err)
{
	const struct option_context context = {.arena = arena};
	size_t colon = str_find(target, ':', 0);
	struct str scheme =
		colon < target.len ? str_sub(target, 0, colon) : str_of(SCHEME_OF_SERVERS);
	const struct check_kind *kind = check_kind_by_scheme(scheme);
	struct check *check;

	if (!kind) {
		return unknown_scheme(target, scheme, err);
	}
	check = arena_alloc(arena, sizeof(*check));
	option_set_defaults(check_rows, &context, check);
	check->variant = &kind->variant;
	check->opts = arena_alloc(arena, kind->variant.opts_size);
	option_set_defaults(kind->variant.rows, &context, check->opts);
	if (kind->from_target(target, arena, check->opts, err) < 0 ||
		settings_apply(check, settings, settings_count, arena, err) < 0 ||
		(kind->variant.validate && kind->variant.validate(check->opts, arena, err) < 0)) {
		return wrap_target(target, err);
	}
	fill_in(check, defaults, arena);
	if (check_validate(check, err) < 0) {
		return wrap_target(target, err);
	}
	*ret_check = check;
	return 0;
}
