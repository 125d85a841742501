/*
 * Any bytes are an event that can be stored and sent, or an error that says why not.  What has been
 * cleaned is clean: valid UTF-8, nothing that hides or reorders text, within its maximum; and
 * cleaning it again changes nothing.
 */
#include <stddef.h>
#include <stdint.h>

#include "alert/alert_input.h"
#include "alert/fingerprint.h"
#include "base/utf8.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str text, size_t max, bool is_lines)
{
	claim(text.len <= max && utf8_is_valid(text) && strlen(text.ptr) == text.len);
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		claim((unsigned char)c >= ' ' || (is_lines && (c == '\n' || c == '\t')));
	}
	claim(!str_contains(text, "\xe2\x80\xae") && !str_contains(text, "\xe2\x81\xa6"));
}

static void check_pairs(const struct pairs *pairs)
{
	claim(pairs->items_count <= ALERT_PAIRS_MAX);
	for (size_t i = 0; i < pairs->items_count; i++) {
		claim(pairs->items[i].name[0] != '\0');
		check_text(str_of(pairs->items[i].name), ALERT_NAME_MAX, false);
		check_text(str_of(pairs->items[i].value), ALERT_VALUE_MAX, true);
	}
}

static void check_clean(const struct alert_input *input)
{
	claim(input->title.len > 0 && input->source.len > 0);
	check_text(input->title, ALERT_TITLE_MAX, false);
	check_text(input->source, ALERT_SOURCE_MAX, false);
	check_text(input->dedup_key, ALERT_KEY_MAX, false);
	check_text(input->message, ALERT_MESSAGE_MAX, true);
	check_text(input->runbook, ALERT_URL_MAX, false);
	check_pairs(&input->fields);
	check_pairs(&input->labels);
}

static void clean(struct alert_input input, struct arena *arena)
{
	char before[FINGERPRINT_SIZE];
	char after[FINGERPRINT_SIZE];
	struct alert_input again;
	struct err err = {0};

	if (alert_input_clean(&input, arena, &err) < 0) {
		claim(err.code == ERR_INPUT && err.msg[0] != '\0');
		return;
	}
	check_clean(&input);
	again = input;
	claim(alert_input_clean(&again, arena, NULL) == 0);
	claim(str_eq(input.title, again.title) && str_eq(input.message, again.message));
	claim(str_eq(input.source, again.source) && str_eq(input.runbook, again.runbook));
	alert_fingerprint(&input, before);
	alert_fingerprint(&again, after);
	claim(strcmp(before, after) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_n((const char *)data, size);
	struct arena *arena = arena_new();
	struct alert_input input = {
		.title = text, .source = text, .message = text, .dedup_key = text, .runbook = text};
	struct err err = {0};

	clean(input, arena);
	input.runbook = str_of("");
	clean(input, arena);
	input.title = str_of("");
	clean(input, arena);
	input = (struct alert_input){0};
	if (alert_input_parse_json(text, arena, &input, &err) == 0) {
		clean(input, arena);
	} else {
		claim(err.code == ERR_INPUT && err.msg[0] != '\0');
	}
	arena_free(arena);
	return 0;
}
