/*
 * One step at a time.  See shorten.h.
 */
#include "notify/shorten.h"

#include "base/alloc.h"
#include "notify/notify_text.h"

enum { TEXT_LEAST = 256 };

static size_t larger(size_t a, const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return a > len ? a : len;
}

static size_t longest_of_pairs(const struct pairs *pairs)
{
	size_t longest = 0;

	for (size_t i = 0; i < pairs->items_count; i++) {
		longest = larger(longest, pairs->items[i].value);
	}
	return longest;
}

static size_t longest_of_alert(const struct alert *alert)
{
	size_t fields = longest_of_pairs(&alert->fields);
	size_t labels = longest_of_pairs(&alert->labels);
	size_t longest = fields > labels ? fields : labels;

	longest = larger(longest, alert->title);
	longest = larger(longest, alert->source);
	return larger(longest, alert->message);
}

static const char *cut(const char *text, size_t max_bytes, struct arena *arena)
{
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT;

	if (!text || strlen(text) <= max_bytes) {
		return text;
	}
	notify_add_cut(str_of(text), max_bytes, &out);
	return arena_strndup(arena, out.buf, out.len);
}

static struct pairs cut_pairs(const struct pairs *pairs, size_t max_bytes, struct arena *arena)
{
	struct pairs copy = {0};

	copy.items = arena_calloc(arena, pairs->items_count, sizeof(*copy.items));
	copy.items_count = copy.items_alloc = pairs->items_count;
	for (size_t i = 0; i < pairs->items_count; i++) {
		copy.items[i].name = pairs->items[i].name;
		copy.items[i].value = cut(pairs->items[i].value, max_bytes, arena);
	}
	return copy;
}

static const struct alert *cut_alert(
	const struct alert *alert, size_t max_bytes, struct arena *arena)
{
	struct alert *copy = arena_alloc(arena, sizeof(*copy));

	*copy = *alert;
	copy->title = cut(alert->title, max_bytes, arena);
	copy->source = cut(alert->source, max_bytes, arena);
	copy->message = cut(alert->message, max_bytes, arena);
	copy->fields = cut_pairs(&alert->fields, max_bytes, arena);
	copy->labels = cut_pairs(&alert->labels, max_bytes, arena);
	return copy;
}

static bool shorten_alert(struct notification *copy, struct arena *arena)
{
	size_t longest = longest_of_alert(copy->alerts[0]);
	const struct alert **alerts;

	if (longest <= TEXT_LEAST) {
		return false;
	}
	alerts = arena_alloc(arena, sizeof(*alerts));
	alerts[0] = cut_alert(
		copy->alerts[0], longest / 2 > TEXT_LEAST ? longest / 2 : TEXT_LEAST, arena);
	copy->alerts = alerts;
	return true;
}

static bool halve(struct notify_digest_list *list)
{
	bool has_alerts = list->alerts_count > 0;

	list->alerts_count /= 2;
	return has_alerts;
}

static bool shorten_digest(struct notification *copy, struct arena *arena)
{
	struct notify_digest *digest = arena_alloc(arena, sizeof(*digest));
	bool is_smaller;

	*digest = *copy->digest;
	is_smaller = halve(&digest->open);
	is_smaller = halve(&digest->fired) || is_smaller;
	is_smaller = halve(&digest->resolved) || is_smaller;
	copy->digest = digest;
	return is_smaller;
}

static bool shorten_notice(struct notification *copy, struct arena *arena)
{
	size_t longest = larger(strlen(copy->title), copy->text);

	if (longest <= TEXT_LEAST) {
		return false;
	}
	copy->title = cut(copy->title, longest / 2, arena);
	copy->text = cut(copy->text, longest / 2, arena);
	return true;
}

const struct notification *notification_shorten(
	const struct notification *notification, struct arena *arena)
{
	struct notification *copy = arena_alloc(arena, sizeof(*copy));
	bool is_smaller = false;

	*copy = *notification;
	copy->alerts_total = notification_total(notification);
	if (copy->alerts_count > 1) {
		copy->alerts_count /= 2;
		is_smaller = true;
	} else if (copy->alerts_count == 1) {
		is_smaller = shorten_alert(copy, arena);
	} else if (copy->digest) {
		is_smaller = shorten_digest(copy, arena);
	} else if (copy->text) {
		is_smaller = shorten_notice(copy, arena);
	}
	return is_smaller ? copy : NULL;
}

static size_t size_of_pairs(const struct pairs *pairs)
{
	size_t size = 0;

	for (size_t i = 0; i < pairs->items_count; i++) {
		size += strlen(pairs->items[i].name) + strlen(pairs->items[i].value);
	}
	return size;
}

static bool is_larger(const struct notification *notification, size_t max_bytes)
{
	size_t size = 0;

	for (size_t i = 0; i < notification->alerts_count && size <= max_bytes; i++) {
		const struct alert *alert = notification->alerts[i];

		size += strlen(alert->title) + strlen(alert->source) + strlen(alert->message) +
			size_of_pairs(&alert->fields) + size_of_pairs(&alert->labels);
	}
	return size > max_bytes;
}

const struct notification *notification_shorten_to(
	const struct notification *notification, size_t max_bytes, struct arena *arena)
{
	const struct notification *shorter = notification;

	while (shorter && is_larger(shorter, max_bytes)) {
		notification = shorter;
		shorter = notification_shorten(notification, arena);
	}
	return shorter ? shorter : notification;
}
