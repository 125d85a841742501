/*
 * Cleaning of what was handed in.  See alert_input.h; alert_input_json.c reads it from JSON.
 */
#include "alert/alert_input.h"

#include "alert/alert_text.h"
#include "alert/fingerprint.h"
#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/utf8.h"

static struct str clean_line(struct str s, size_t max_bytes, struct arena *arena)
{
	return alert_text_clean(s, ALERT_TEXT_LINE, max_bytes, arena);
}

static struct str clean_lines(struct str s, size_t max_bytes, struct arena *arena)
{
	return alert_text_clean(s, ALERT_TEXT_LINES, max_bytes, arena);
}

/* Two long keys that differ at the end only must not become one. */
static struct str clean_key(struct str key, struct arena *arena)
{
	struct str clean = clean_line(key, 3 * key.len + 3, arena);
	char hex[FINGERPRINT_SIZE];

	if (clean.len <= ALERT_KEY_MAX) {
		return clean;
	}
	fingerprint_text(clean, hex);
	clean = alert_text_cut(clean, ALERT_KEY_MAX - FINGERPRINT_SIZE, arena);
	return str_of(arena_printf(arena, "%s:%s", clean.ptr, hex));
}

static void clean_title(struct alert_input *input, struct arena *arena)
{
	struct str whole = clean_line(input->title, ALERT_MESSAGE_MAX, arena);
	struct str message = clean_lines(input->message, ALERT_MESSAGE_MAX, arena);

	if (whole.len == 0) {
		whole = str_trim(str_sub(message, 0, str_find(message, '\n', 0)));
		whole = clean_line(whole, ALERT_TITLE_MAX, arena);
	}
	if (whole.len == 0) {
		whole = input->dedup_key;
	}
	input->title = alert_text_cut(whole, ALERT_TITLE_MAX, arena);
	if (whole.len > ALERT_TITLE_MAX) {
		message = str_of(arena_printf(
			arena, "%s%s%s", whole.ptr, message.len > 0 ? "\n\n" : "", message.ptr));
		message = alert_text_cut(message, ALERT_MESSAGE_MAX, arena);
	}
	input->message = message;
}

static int clean_pairs(struct pairs *pairs, const char *what, struct arena *arena, struct err *err)
{
	struct pairs clean = {0};

	if (pairs->items_count > ALERT_PAIRS_MAX) {
		return err_set(err, ERR_INPUT, "%zu %ss, at most %d can be kept",
			pairs->items_count, what, ALERT_PAIRS_MAX);
	}
	for (size_t i = 0; i < pairs->items_count; i++) {
		const struct pair *pair = &pairs->items[i];
		struct str name = clean_line(str_of(pair->name), ALERT_NAME_MAX, arena);

		if (name.len == 0) {
			return err_set(err, ERR_INPUT, "%s '%s' has no name", what,
				utf8_quote(str_of(pair->value)).text);
		}
		pairs_set(&clean, arena, name,
			clean_lines(str_of(pair->value), ALERT_VALUE_MAX, arena));
	}
	*pairs = clean;
	return 0;
}

static int clean_runbook(struct str *runbook, struct arena *arena, struct err *err)
{
	struct str url = runbook->len > 0 ? str_trim(*runbook) : str_of("");

	if (url.len > ALERT_URL_MAX) {
		return err_set(
			err, ERR_INPUT, "the runbook's URL is longer than %d bytes", ALERT_URL_MAX);
	}
	if (url.len > 0 && !alert_text_is_url(url)) {
		return err_set(err, ERR_INPUT, "runbook '%s' is no http:// or https:// URL",
			utf8_quote(url).text);
	}
	*runbook = str_of(str_dup(url, arena));
	return 0;
}

int alert_input_clean(struct alert_input *input, struct arena *arena, struct err *err)
{
	struct alert_input clean = *input;

	clean.dedup_key = clean_key(input->dedup_key, arena);
	clean_title(&clean, arena);
	clean.source = clean_line(input->source, ALERT_SOURCE_MAX, arena);
	if (clean.source.len == 0) {
		clean.source = str_of("unknown");
	}
	if (clean.title.len == 0) {
		return err_set(err, ERR_INPUT, "an alert needs a title or a message");
	}
	if (clean_pairs(&clean.fields, "field", arena, err) < 0 ||
		clean_pairs(&clean.labels, "label", arena, err) < 0 ||
		clean_runbook(&clean.runbook, arena, err) < 0) {
		return -1;
	}
	*input = clean;
	return 0;
}
