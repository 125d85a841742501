/*
 * Templates: reading never fails oddly, and filling in stays within its room.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "notify/template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct alert *make_alert(struct arena *arena)
{
	struct alert *alert = arena_alloc(arena, sizeof(*alert));

	*alert = (struct alert){
		.fingerprint = "f", .title = "ä€", .source = "s", .message = "a\n\"b"};
	pairs_set(&alert->fields, arena, str_of("n"), str_of("v"));
	pairs_set(&alert->labels, arena, str_of("team"), str_of(""));
	return alert;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { ROOM = 10000 };
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(strbuf_release) struct strbuf out = STRBUF_INIT_MAX(ROOM);
	const struct str text = str_n((const char *)data, size);
	const struct alert *alerts[2] = {make_alert(arena), make_alert(arena)};
	const struct notification notification = {
		.key = "k", .alerts = alerts, .alerts_count = 2, .alerts_total = 2};
	struct template *template = NULL;
	struct err err = {0};

	if (template_parse(text, arena, &template, &err) < 0) {
		assert(err.code == ERR_INPUT && err.msg[0] != '\0');
		return 0;
	}
	assert(str_eq(template_source(template), text));
	template_render(template, &notification, NULL, &out);
	assert(out.len <= ROOM);
	assert(out.dropped_bytes > 0 || utf8_is_valid(strbuf_str(&out)));
	return 0;
}
