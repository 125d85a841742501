/*
 * Silences in the store, and which of them an alert meets.  See silence.h.
 */
#include "alert/silence.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>

#include "alert/alert_text.h"
#include "alert/when.h"
#include "base/alloc.h"
#include "base/json_writer.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/time.h"
#include "store/store_holds.h"

/* Beyond that many, the cache starts afresh. */
enum { CACHE_MAX = 1000 };

/* --- Making and ending them --- */

static int matchers_parse(const struct silence_input *input, struct arena *arena,
	struct option_list *ret_matchers, struct err *err)
{
	struct option_list list = {
		.items = arena_calloc(arena, input->matchers_count, sizeof(struct matcher *))};
	const struct matcher *one = NULL;
	const struct matcher *other = NULL;

	for (size_t i = 0; i < input->matchers_count; i++) {
		if (matcher_parse(str_of(input->matchers[i]), arena,
			    &OPTION_AT(&list, struct matcher *, list.count), err) < 0) {
			return -1;
		}
		list.count++;
	}
	if (!matchers_can_match(&list, &one, &other)) {
		return one == other
			       ? err_set(err, ERR_INPUT, "nothing can match '%s'",
					 matcher_text(one))
			       : err_set(err, ERR_INPUT, "nothing can match both '%s' and '%s'",
					 matcher_text(one), matcher_text(other));
	}
	*ret_matchers = list;
	return 0;
}

static int input_check(
	const struct silence_input *input, int64_t now_ms, struct arena *arena, struct err *err)
{
	static const struct option_list everything = {0};
	struct option_list matchers;

	if (input->matchers_count == 0) {
		return err_set(
			err, ERR_INPUT, "a silence needs a matcher, for example source=db-01");
	}
	if (input->matchers_count > SILENCE_MATCHERS_MAX) {
		return err_set(err, ERR_INPUT, "a silence can have %d matchers at most",
			SILENCE_MATCHERS_MAX);
	}
	if (matchers_parse(input, arena, &matchers, err) < 0) {
		return -1;
	}
	if (matchers_cover(&matchers, &everything)) {
		return err_set(err, ERR_INPUT,
			"the silence would take every alert there is; say which are meant");
	}
	if (!matchers_are_narrow(&matchers)) {
		return err_set(err, ERR_INPUT,
			"the silence would take nearly every alert; say which are meant, for "
			"example source=db-01");
	}
	if (input->ends_ms <= now_ms) {
		return err_set(err, ERR_INPUT, "the end of the silence is in the past");
	}
	if (input->ends_ms <= input->starts_ms) {
		return err_set(err, ERR_INPUT, "the silence would end before it starts");
	}
	return 0;
}

static const char *matchers_json(const struct silence_input *input, struct arena *arena)
{
	struct strbuf out = STRBUF_INIT;
	struct json_writer json;
	const char *text;

	json_writer_init(&json, &out, false);
	json_write_array_begin(&json);
	for (size_t i = 0; i < input->matchers_count; i++) {
		json_write_str(&json, str_trim(str_of(input->matchers[i])));
	}
	json_write_array_end(&json);
	text = str_dup(strbuf_str(&out), arena);
	strbuf_release(&out);
	return text;
}

int silence_add(struct store_tx *tx, const struct silence_input *input, int64_t now_ms,
	struct arena *arena, int64_t *ret_id, struct err *err)
{
	struct stored_silence silence;

	if (input_check(input, now_ms, arena, err) < 0) {
		return -1;
	}
	silence = (struct stored_silence){
		.matchers = matchers_json(input, arena),
		.starts_ms = input->starts_ms ? input->starts_ms : now_ms,
		.ends_ms = input->ends_ms,
		.author =
			alert_text_clean(input->author, ALERT_TEXT_LINE, SILENCE_AUTHOR_MAX, arena)
				.ptr,
		.reason =
			alert_text_clean(input->reason, ALERT_TEXT_LINE, SILENCE_REASON_MAX, arena)
				.ptr,
		.created_ms = now_ms,
	};
	if (*silence.author == '\0') {
		return err_set(err, ERR_INPUT, "a silence needs the name of who asks for it");
	}
	return store_silence_add(tx, &silence, ret_id, err);
}

int silence_expire(struct store_tx *tx, int64_t id, int64_t now_ms, struct arena *arena,
	int64_t *ret_released, struct err *err)
{
	struct stored_silence *silence = NULL;

	if (store_silence_get(tx, id, arena, &silence, err) < 0) {
		return -1;
	}
	if (!silence) {
		return err_set(err, ERR_NOT_FOUND, "there is no silence %lld", (long long)id);
	}
	if (silence->expired_ms || silence->ends_ms <= now_ms) {
		struct strbuf when = STRBUF_INIT;

		time_add_rfc3339(
			&when, silence->expired_ms ? silence->expired_ms : silence->ends_ms);
		(void)err_set(err, ERR_INPUT, "silence %lld has ended already, at %s",
			(long long)id, when.buf);
		strbuf_release(&when);
		return -1;
	}
	if (store_silence_expire(tx, id, now_ms, err) < 0) {
		return -1;
	}
	return store_release_silence(tx, id, now_ms, ret_released, err);
}

/* --- Matching --- */

static int texts_read(json_t *array, struct arena *arena, const char *const **ret_texts,
	size_t *ret_count, struct err *err)
{
	size_t count = json_array_size(array);
	const char **texts = arena_calloc(arena, count + 1, sizeof(*texts));

	if (!json_is_array(array)) {
		return err_set(err, ERR_INPUT, "it has no list of matchers");
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *text = json_array_get(array, i);

		if (!json_is_string(text)) {
			return err_set(err, ERR_INPUT, "it has a matcher that is no text");
		}
		texts[i] = arena_strdup(arena, json_string_value(text));
	}
	*ret_texts = texts;
	*ret_count = count;
	return 0;
}

int silence_matcher_texts(const struct stored_silence *silence, struct arena *arena,
	const char *const **ret_texts, size_t *ret_count, struct err *err)
{
	json_t *array = json_loads(silence->matchers, 0, NULL);
	int result = texts_read(array, arena, ret_texts, ret_count, err);

	json_decref(array);
	if (result < 0) {
		return err_wrap(err, "silence %lld in the store", (long long)silence->id);
	}
	return 0;
}

/* A silence that cannot be read, of a newer version perhaps, silences nothing. */
static struct option_list *stored_matchers(
	const struct stored_silence *silence, struct arena *arena)
{
	struct option_list *list = arena_alloc(arena, sizeof(*list));
	const char *const *texts;
	size_t count;

	if (silence_matcher_texts(silence, arena, &texts, &count, NULL) < 0 || count == 0) {
		return NULL;
	}
	list->items = arena_calloc(arena, count, sizeof(struct matcher *));
	for (size_t i = 0; i < count; i++) {
		if (matcher_parse(str_of(texts[i]), arena,
			    &OPTION_AT(list, struct matcher *, list->count), NULL) < 0) {
			return NULL;
		}
		list->count++;
	}
	return list;
}

const char *silence_reason(const struct stored_silence *silence, const struct time_zone *zone,
	int64_t now_ms, struct arena *arena)
{
	return arena_printf(arena, "silence %lld by %s until %s%s%s", (long long)silence->id,
		silence->author, when_clock(zone, silence->ends_ms, now_ms, arena),
		*silence->reason ? ": " : "", silence->reason);
}

struct silence_cache {
	struct arena *arena; /* of everything in it */
	struct map *by_text; /* struct option_list *, NULL where it cannot be read */
};

static void cache_clear(struct silence_cache *cache)
{
	map_free(cache->by_text);
	arena_free(cache->arena);
	*cache = (struct silence_cache){0};
}

static void cache_free(void *object)
{
	struct silence_cache *cache = object;

	cache_clear(cache);
	free(cache);
}

struct silence_cache *silence_cache_new(struct arena *arena)
{
	struct silence_cache *cache = xcalloc(1, sizeof(*cache));

	arena_on_free(arena, cache_free, cache);
	return cache;
}

static const struct option_list *cached(
	struct silence_cache *cache, const struct stored_silence *silence)
{
	struct str text = str_of(silence->matchers);

	if (cache->by_text && map_has(cache->by_text, text)) {
		return map_get(cache->by_text, text);
	}
	if (!cache->by_text || map_count(cache->by_text) == CACHE_MAX) {
		cache_clear(cache);
		cache->arena = arena_new();
		cache->by_text = map_new(MAP_KEYS_COPIED);
	}

	struct option_list *matchers = stored_matchers(silence, cache->arena);

	(void)map_set(cache->by_text, text, matchers);
	return matchers;
}

int silence_find(struct store_tx *tx, const struct alert_settings *settings,
	const struct matcher_subject *subject, int64_t now_ms, struct arena *arena,
	struct stored_silence **ret_silence, struct err *err)
{
	struct stored_silences silences = {0};

	if (store_silence_active(tx, now_ms, arena, &silences, err) < 0) {
		return -1;
	}
	*ret_silence = NULL;
	for (size_t i = 0; i < silences.items_count && !*ret_silence; i++) {
		struct stored_silence *silence = &silences.items[i];
		const struct option_list *matchers = settings->silences
							     ? cached(settings->silences, silence)
							     : stored_matchers(silence, arena);

		if (matchers && matchers_match(matchers, subject)) {
			*ret_silence = silence;
		}
	}
	return 0;
}
