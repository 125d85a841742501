/*
 * Choosing checks.  See check_select.h.
 */
#include "cmd/check_select.h"

#include <fnmatch.h>
#include <string.h>

#include "base/log.h"
#include "base/map.h"
#include "base/suggest.h"
#include "base/vec.h"
#include "check/check_config.h"
#include "check/judge.h"
#include "cmd/target_expand.h"
#include "conf/login_name.h"

static const struct log_context log_context = {.component = "check"};

static bool matches_any(const struct option_list *patterns, const char *text)
{
	for (size_t i = 0; i < patterns->count; i++) {
		if (fnmatch(OPTION_AT(patterns, const char *, i), text, 0) == 0) {
			return true;
		}
	}
	return false;
}

static bool has_one_of(const struct check *check, const struct option_list *tags)
{
	for (size_t i = 0; i < check->tags.count; i++) {
		if (matches_any(tags, OPTION_AT(&check->tags, const char *, i))) {
			return true;
		}
	}
	return false;
}

static bool is_wanted(const struct check_select_spec *spec, const struct check *check)
{
	if (spec->names->count > 0 && !matches_any(spec->names, check->name) &&
		(!check->family || !matches_any(spec->names, check->family))) {
		return false;
	}
	return spec->tags->count == 0 || has_one_of(check, spec->tags);
}

static bool fits(const struct check *check, const struct option_map *thresholds, size_t i)
{
	return check_threshold_check(check->kind, thresholds->keys[i],
		       &OPTION_AT(thresholds, struct threshold, i), NULL) == 0;
}

static void add_threshold(struct option_map *to, const struct option_map *from, size_t i)
{
	to->keys[to->count] = from->keys[i];
	OPTION_AT(to, struct threshold, to->count) = OPTION_AT(from, struct threshold, i);
	to->count++;
}

/* Those of the command line that the check's kind knows go before those of the check. */
static struct option_map merge_thresholds(const struct check *check, const struct option_map *flags,
	const struct option_map *own, struct arena *arena)
{
	size_t count = flags->count + own->count;
	struct option_map merged = {
		.keys = arena_calloc(arena, count, sizeof(*merged.keys)),
		.items = arena_calloc(arena, count, sizeof(struct threshold)),
	};

	for (size_t i = 0; i < flags->count; i++) {
		if (fits(check, flags, i)) {
			add_threshold(&merged, flags, i);
		}
	}
	for (size_t i = 0; i < own->count; i++) {
		add_threshold(&merged, own, i);
	}
	return merged;
}

/* Each threshold of the command line is one for somebody. */
static int thresholds_fit(const struct check_selection *selection, const struct option_map *flags,
	const char *flag, struct err *err)
{
	for (size_t i = 0; i < flags->count; i++) {
		bool does_fit = false;

		for (size_t c = 0; c < selection->checks_count && !does_fit; c++) {
			does_fit = fits(selection->checks[c], flags, i);
		}
		if (!does_fit) {
			(void)check_threshold_check(selection->checks[0]->kind, flags->keys[i],
				&OPTION_AT(flags, struct threshold, i), err); /* says why */
			return err_wrap(err, "%s", flag);
		}
	}
	return 0;
}

/* The check as the command line's flags change it; the configured one stays as it is. */
static const struct check *with_flags(
	const struct check_select_spec *spec, const struct check *check)
{
	struct check *changed;

	if (spec->timeout_ms == 0 && spec->attempts == 0 && spec->warning->count == 0 &&
		spec->critical->count == 0) {
		return check;
	}
	changed = arena_alloc(spec->arena, sizeof(*changed));
	*changed = *check;
	if (spec->timeout_ms > 0) {
		changed->timeout_ms = spec->timeout_ms;
	}
	if (spec->attempts > 0) {
		changed->attempts = spec->attempts;
	}
	changed->warning = merge_thresholds(check, spec->warning, &check->warning, spec->arena);
	changed->critical = merge_thresholds(check, spec->critical, &check->critical, spec->arena);
	return changed;
}

/* Configured checks of one name, or of one server. */
struct named {
	const struct check **checks;
	size_t checks_count, checks_alloc;
};

/* Each check and each target once. */
struct selecting {
	const struct check_select_spec *spec;
	struct check_selection selection;
	struct map *configured; /* struct named, by what they can be asked for */
	struct check_setting *settings;
	struct map *seen; /* names of checks, and targets */
};

static bool is_first_time(struct selecting *selecting, const char *name)
{
	if (map_has(selecting->seen, str_of(name))) {
		return false;
	}
	map_set(selecting->seen, str_of(name), NULL);
	return true;
}

static void add(struct selecting *selecting, const struct check *check)
{
	*VEC_PUSH_IN(selecting->spec->arena, &selecting->selection, checks) = check;
}

static void add_configured(struct selecting *selecting, const struct check *check)
{
	if (is_wanted(selecting->spec, check) && is_first_time(selecting, check->name)) {
		add(selecting, check);
	}
}

/* A name that is nothing but a server's: perhaps a check was meant. */
static void warn_of_near_name(const struct check_select_spec *spec, const char *target)
{
	const struct option_items *checks = &spec->config->all_checks;
	const char **names = arena_calloc(spec->arena, checks->count, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < checks->count; i++) {
		names[i] = ((const struct check *)checks->items[i])->name;
	}
	near = suggest(str_of(target), names, checks->count);
	if (near && !inventory_find(spec->config->inventory, target)) {
		log_warn(&log_context,
			"no check is called '%s' (did you mean '%s'?); it is taken for a server",
			target, near);
	}
}

/* "localhost:8080" looks like a scheme and is none. */
static int missing_scheme(const char *target, struct err *err)
{
	return err_set(err, ERR_INPUT, "'%s' has no scheme; write ssh://%s, tcp://%s or http://%s",
		target, target, target, target);
}

static bool is_host_and_port(const char *target)
{
	const char *colon = strrchr(target, ':');

	return colon && char_is_digit(colon[1]) &&
	       strspn(colon + 1, "0123456789") == strlen(colon + 1);
}

static void name_configured(
	struct selecting *selecting, const char *name, const struct check *check)
{
	struct named *named = map_get(selecting->configured, str_of(name));

	if (!named) {
		named = arena_alloc(selecting->spec->arena, sizeof(*named));
		map_set(selecting->configured, str_of(name), named);
	}
	*VEC_PUSH_IN(selecting->spec->arena, named, checks) = check;
}

/* A check goes by its own name, that of the check that it is one of, and that of its server. */
static void name_all_configured(struct selecting *selecting)
{
	const struct option_items *checks = &selecting->spec->config->all_checks;

	for (size_t i = 0; i < checks->count; i++) {
		const struct check *check = checks->items[i];
		const char *server =
			check->kind->servers ? check->kind->servers(check->opts) : NULL;

		name_configured(selecting, check->name, check);
		if (check->family && strcmp(check->family, check->name) != 0) {
			name_configured(selecting, check->family, check);
		}
		if (server && strcmp(server, check->name) != 0) {
			name_configured(selecting, server, check);
		}
	}
}

/* Those that are called so, and that --name and --tag choose.  *ret_found: there are any. */
static int add_by_name(
	struct selecting *selecting, const char *name, bool *ret_found, struct err *err)
{
	const struct named *named = map_get(selecting->configured, str_of(name));
	bool is_any_wanted = false;

	*ret_found = named != NULL;
	if (!named) {
		return 0;
	}
	for (size_t i = 0; i < named->checks_count; i++) {
		is_any_wanted = is_any_wanted || is_wanted(selecting->spec, named->checks[i]);
		add_configured(selecting, named->checks[i]);
	}
	if (!is_any_wanted) {
		return err_set(err, ERR_INPUT,
			"check '%s' is asked for and left out: it does not match --name and --tag",
			name);
	}
	return 0;
}

static int add_target(struct selecting *selecting, const char *target, struct err *err)
{
	const struct check_select_spec *spec = selecting->spec;
	const struct check *check = NULL;
	bool is_found;

	if (add_by_name(selecting, target, &is_found, err) < 0) {
		return -1;
	}
	if (is_found) {
		return 0;
	}
	if (spec->names->count > 0 || spec->tags->count > 0) {
		return err_set(err, ERR_INPUT,
			"--name and --tag choose among configured checks, and '%s' is none",
			target);
	}
	if (is_host_and_port(target) && !strstr(target, "//")) {
		return missing_scheme(target, err);
	}
	if (strcmp(target, "local") == 0) {
		return err_set(err, ERR_INPUT,
			"no check is called 'local'; this machine's health is 'local:'");
	}
	if (!is_first_time(selecting, target)) {
		log_info(&log_context, "'%s' was given twice; it is checked once", target);
		return 0;
	}
	if (!target_has_scheme(target)) {
		warn_of_near_name(spec, target);
	}
	if (check_from_target(str_of(target), &spec->config->defaults, selecting->settings,
		    spec->settings->count, spec->arena, &check, err) < 0) {
		return -1;
	}
	add(selecting, check);
	return 0;
}

/* The name of a check may have spaces, and brackets; else it is one target, or one for each host of
 * a node set. */
static int add_targets(struct selecting *selecting, const char *text, struct err *err)
{
	struct targets targets = {0};
	bool is_found;

	if (add_by_name(selecting, text, &is_found, err) < 0) {
		return -1;
	}
	if (is_found) {
		return 0;
	}
	if (target_expand(text, selecting->spec->config->inventory, selecting->spec->arena,
		    &targets, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < targets.texts_count; i++) {
		if (add_target(selecting, targets.texts[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

/* A server's name is one whatever it looks like: addresses of IPv6 have colons. */
static int add_server(struct selecting *selecting, const char *name, struct err *err)
{
	if (strchr(name, ':') && !map_has(selecting->configured, str_of(name))) {
		bool is_address = !login_name_is_more(str_of(name));

		name = arena_printf(
			selecting->spec->arena, is_address ? "ssh://[%s]" : "ssh://%s", name);
	}
	return add_target(selecting, name, err);
}

static int nothing_selected(const struct check_select_spec *spec, struct err *err)
{
	if (spec->config->checks.count == 0) {
		return err_set(err, ERR_INPUT,
			"nothing to check: give a target (a server, https://..., tcp://host:port, "
			"local:) or a configuration with checks");
	}
	return err_set(err, ERR_INPUT, "the selection matches none of the %zu configured checks",
		spec->config->all_checks.count);
}

static void make_settings(struct selecting *selecting)
{
	const struct option_list *texts = selecting->spec->settings;

	selecting->settings =
		arena_calloc(selecting->spec->arena, texts->count, sizeof(*selecting->settings));
	for (size_t i = 0; i < texts->count; i++) {
		selecting->settings[i].text = str_of(OPTION_AT(texts, const char *, i));
	}
}

static int settings_are_used(const struct selecting *selecting, struct err *err)
{
	for (size_t i = 0; i < selecting->spec->settings->count; i++) {
		const struct check_setting *setting = &selecting->settings[i];

		if (setting->is_used) {
			continue;
		}
		if (setting->why.code == ERR_NONE) {
			return err_set(err, ERR_INPUT,
				"--set is for targets given here, and there are none");
		}
		return err_set(err, setting->why.code, "--set: %s", setting->why.msg);
	}
	return 0;
}

static bool is_anything_named(const struct check_select_spec *spec)
{
	return spec->targets_count > 0 || spec->servers_count > 0;
}

static int select_all(struct selecting *selecting, struct err *err)
{
	const struct check_select_spec *spec = selecting->spec;
	const struct option_items *checks = &spec->config->all_checks;

	for (size_t i = 0; i < checks->count && !is_anything_named(spec); i++) {
		add_configured(selecting, checks->items[i]);
	}
	for (size_t i = 0; i < spec->targets_count; i++) {
		if (add_targets(selecting, spec->targets[i], err) < 0) {
			return -1;
		}
	}
	for (size_t i = 0; i < spec->servers_count; i++) {
		if (add_server(selecting, spec->servers[i], err) < 0) {
			return -1;
		}
	}
	if (settings_are_used(selecting, err) < 0) {
		return -1;
	}
	if (selecting->selection.checks_count == 0) {
		return nothing_selected(spec, err);
	}
	if (thresholds_fit(&selecting->selection, spec->warning, "--warning", err) < 0 ||
		thresholds_fit(&selecting->selection, spec->critical, "--critical", err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < selecting->selection.checks_count; i++) {
		selecting->selection.checks[i] = with_flags(spec, selecting->selection.checks[i]);
	}
	return 0;
}

int check_select(const struct check_select_spec *spec, struct check_selection *ret_selection,
	struct err *err)
{
	struct selecting selecting = {
		.spec = spec,
		.configured = map_new(MAP_KEYS_BORROWED),
		.seen = map_new(MAP_KEYS_BORROWED),
	};
	int status;

	make_settings(&selecting);
	name_all_configured(&selecting);
	status = select_all(&selecting, err);

	if (status == 0) {
		*ret_selection = selecting.selection;
	}
	map_free(selecting.configured);
	map_free(selecting.seen);
	return status;
}
