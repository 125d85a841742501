/*
 * Rules of inhibition over what the store knows of open alerts.  See inhibition.h.
 */
#include "alert/inhibition.h"

#include "alert/fingerprint.h"
#include "alert/pairs_json.h"
#include "base/strbuf.h"
#include "store/store_alerts.h"
#include "store/store_holds.h"

/* Links of a chain "held back by one that is held back by ..." that are followed. */
enum { CHAIN_MAX = 16, BATCH = 500 };

static const char mark_name[] = "inhibit"; /* the rules that the table is about */

static void add_part(struct strbuf *text, const char *part)
{
	strbuf_addf(text, "%zu:%s,", strlen(part), part);
}

static void add_matchers(struct strbuf *text, const struct option_list *matchers)
{
	for (size_t i = 0; i < matchers->count; i++) {
		add_part(text, matcher_text(OPTION_AT(matchers, const struct matcher *, i)));
	}
	strbuf_addc(text, ';');
}

static const char *hash_of(const struct strbuf *text, struct arena *arena)
{
	char hex[FINGERPRINT_SIZE];

	fingerprint_text(strbuf_str(text), hex);
	return arena_strdup(arena, hex);
}

static const char *rule_hash(const struct inhibition *rule, struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;
	const char *hash;

	add_matchers(&text, &rule->source);
	add_matchers(&text, &rule->target);
	for (size_t i = 0; i < rule->equal.count; i++) {
		add_part(&text, OPTION_AT(&rule->equal, const char *, i));
	}
	hash = hash_of(&text, arena);
	strbuf_release(&text);
	return hash;
}

void inhibition_hash(struct alert_settings *settings, struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;

	for (size_t i = 0; i < settings->inhibit.count; i++) {
		struct inhibition *rule = settings->inhibit.items[i];

		rule->hash = rule_hash(rule, arena);
		strbuf_adds(&text, rule->hash);
	}
	settings->inhibit_hash = text.len > 0 ? hash_of(&text, arena) : "";
	strbuf_release(&text);
}

/* The same of a source and of a target that it holds back. */
static const char *key_of(
	const struct inhibition *rule, const struct matcher_subject *subject, struct arena *arena)
{
	struct strbuf text = STRBUF_INIT;
	const char *key;

	strbuf_adds(&text, rule->hash);
	for (size_t i = 0; i < rule->equal.count; i++) {
		add_part(&text,
			matcher_subject_get(subject, OPTION_AT(&rule->equal, const char *, i)));
	}
	key = hash_of(&text, arena);
	strbuf_release(&text);
	return key;
}

/* The keys of all rules that it is the source of. */
static struct stored_keys source_keys(const struct alert_settings *settings,
	const struct matcher_subject *subject, struct arena *arena)
{
	struct stored_keys keys = {
		.items = arena_calloc(arena, settings->inhibit.count, sizeof(char *))};

	for (size_t i = 0; i < settings->inhibit.count; i++) {
		const struct inhibition *rule = settings->inhibit.items[i];

		if (matchers_match(&rule->source, subject)) {
			keys.items[keys.items_count++] = key_of(rule, subject, arena);
		}
	}
	return keys;
}

static int keys_add(
	struct store_tx *tx, int64_t alert_id, const struct stored_keys *keys, struct err *err)
{
	for (size_t i = 0; i < keys->items_count; i++) {
		if (store_inhibitor_add(tx, alert_id, keys->items[i], err) < 0) {
			return -1;
		}
	}
	return 0;
}

static int alert_index(struct store_tx *tx, const struct alert_settings *settings, int64_t id,
	struct arena *arena, struct err *err)
{
	struct stored_alert *alert = NULL;
	struct pairs labels = {0};
	struct matcher_subject subject;
	struct stored_keys keys;

	if (store_alert_get(tx, id, arena, &alert, err) < 0 ||
		pairs_from_json(alert->labels, arena, &labels, err) < 0) {
		return -1;
	}
	subject = (struct matcher_subject){.severity = alert->severity,
		.source = alert->source,
		.title = alert->title,
		.labels = &labels};
	keys = source_keys(settings, &subject, arena);
	return keys_add(tx, id, &keys, err);
}

static int batch_index(struct store_tx *tx, const struct alert_settings *settings,
	int64_t *after_id, struct arena *arena, struct err *err)
{
	struct stored_ids ids = {0};

	if (store_alert_open_ids(tx, *after_id, BATCH, arena, &ids, err) < 0) {
		return -1;
	}
	for (size_t i = 0; i < ids.items_count; i++) {
		if (alert_index(tx, settings, ids.items[i], arena, err) < 0) {
			return -1;
		}
	}
	*after_id = ids.items_count < BATCH ? 0 : ids.items[BATCH - 1];
	return 0;
}

/* Of all that is open, batch by batch. */
static int index_all(struct store_tx *tx, const struct alert_settings *settings, struct err *err)
{
	int64_t after_id = 0;

	do {
		struct arena *arena = arena_new();
		int result = batch_index(tx, settings, &after_id, arena, err);

		arena_free(arena);
		if (result < 0) {
			return -1;
		}
	} while (after_id > 0);
	return 0;
}

static const char *wanted_mark(const struct alert_settings *settings)
{
	return settings->inhibit_hash ? settings->inhibit_hash : "";
}

int inhibition_prepare(struct store_tx *tx, const struct alert_settings *settings,
	struct arena *arena, struct err *err)
{
	const char *mark = NULL;

	if (store_mark_get(tx, mark_name, arena, &mark, err) < 0) {
		return -1;
	}
	if (strcmp(mark ? mark : "", wanted_mark(settings)) == 0) {
		return 0;
	}
	if (store_inhibitor_clear_all(tx, err) < 0 ||
		(settings->inhibit.count > 0 && index_all(tx, settings, err) < 0)) {
		return -1;
	}
	return store_mark_set(tx, mark_name, wanted_mark(settings), err);
}

static bool has_key(const struct stored_keys *keys, const char *key)
{
	for (size_t i = 0; i < keys->items_count; i++) {
		if (strcmp(keys->items[i], key) == 0) {
			return true;
		}
	}
	return false;
}

/* Is one of `before` gone? */
static bool lost_one(const struct stored_keys *before, const struct stored_keys *now)
{
	for (size_t i = 0; i < before->items_count; i++) {
		if (!has_key(now, before->items[i])) {
			return true;
		}
	}
	return false;
}

int inhibition_note(struct store_tx *tx, const struct alert_settings *settings,
	const struct inhibition_subject *subject, int64_t now_ms, struct arena *arena,
	struct err *err)
{
	struct stored_keys before = {0};
	struct stored_keys keys;
	int64_t released;

	if (settings->inhibit.count == 0) {
		return 0;
	}
	keys = source_keys(settings, subject->subject, arena);
	if (store_inhibitor_keys(tx, subject->alert_id, arena, &before, err) < 0) {
		return -1;
	}
	if (!lost_one(&before, &keys)) {
		return before.items_count == keys.items_count
			       ? 0
			       : keys_add(tx, subject->alert_id, &keys, err);
	}
	if (store_inhibitor_clear(tx, subject->alert_id, err) < 0 ||
		keys_add(tx, subject->alert_id, &keys, err) < 0) {
		return -1;
	}
	return store_release_inhibitor(tx, subject->alert_id, now_ms, &released, err);
}

int inhibition_forget(struct store_tx *tx, const struct alert_settings *settings, int64_t alert_id,
	int64_t now_ms, struct err *err)
{
	int64_t released;

	if (settings->inhibit.count > 0 && store_inhibitor_clear(tx, alert_id, err) < 0) {
		return -1;
	}
	return store_release_inhibitor(tx, alert_id, now_ms, &released, err);
}

/* Does `held_id` hold back `id`, be it over others? */
static int is_held_by(
	struct store_tx *tx, int64_t id, int64_t held_id, bool *ret_is_held, struct err *err)
{
	int64_t at = id;

	*ret_is_held = false;
	for (int i = 0; i < CHAIN_MAX && at != 0 && !*ret_is_held; i++) {
		if (store_inhibitor_of(tx, at, &at, err) < 0) {
			return -1;
		}
		*ret_is_held = at == held_id;
	}
	return 0;
}

/* The first alert of the key that may hold it back; 0: none. */
static int find_by_key(struct store_tx *tx, const char *key, int64_t alert_id, struct arena *arena,
	int64_t *ret_id, struct err *err)
{
	struct stored_ids ids = {0};

	if (store_inhibitor_alerts(tx, key, arena, &ids, err) < 0) {
		return -1;
	}
	*ret_id = 0;
	for (size_t i = 0; i < ids.items_count && *ret_id == 0; i++) {
		bool is_held = true;

		if (ids.items[i] != alert_id &&
			is_held_by(tx, ids.items[i], alert_id, &is_held, err) < 0) {
			return -1;
		}
		*ret_id = is_held ? 0 : ids.items[i];
	}
	return 0;
}

static int describe(struct store_tx *tx, int64_t id, const struct inhibition *rule,
	struct arena *arena, struct inhibitor *ret_inhibitor, struct err *err)
{
	struct stored_alert *alert = NULL;

	if (store_alert_get(tx, id, arena, &alert, err) < 0) {
		return -1;
	}
	*ret_inhibitor = (struct inhibitor){
		.alert_id = id, .title = alert->title, .source = alert->source, .rule = rule->name};
	return 0;
}

int inhibition_find(struct store_tx *tx, const struct alert_settings *settings,
	const struct inhibition_subject *subject, struct arena *arena,
	struct inhibitor *ret_inhibitor, struct err *err)
{
	*ret_inhibitor = (struct inhibitor){0};
	for (size_t i = 0; i < settings->inhibit.count; i++) {
		const struct inhibition *rule = settings->inhibit.items[i];
		int64_t id = 0;

		if (!matchers_match(&rule->target, subject->subject) ||
			matchers_match(&rule->source, subject->subject)) {
			continue;
		}
		if (find_by_key(tx, key_of(rule, subject->subject, arena), subject->alert_id, arena,
			    &id, err) < 0) {
			return -1;
		}
		if (id != 0) {
			return describe(tx, id, rule, arena, ret_inhibitor, err);
		}
	}
	return 0;
}

const char *inhibitor_reason(const struct inhibitor *inhibitor, struct arena *arena)
{
	return arena_printf(arena, "%s: alert %lld '%s' (%s) is open", inhibitor->rule,
		(long long)inhibitor->alert_id, inhibitor->title, inhibitor->source);
}
