/*
 * Lines: an alert's source, its title, the value of its label "team", then matchers.  Any text is a
 * matcher or an error that says why; whatever matches an alert cannot be called contradictory, and
 * covers what it is covered by.
 */
#include <stddef.h>
#include <stdint.h>

#include "alert/alert_text.h"
#include "alert/matcher.h"
#include "base/strbuf.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MATCHERS_MAX = 8, VALUE_MAX = 8192 };

static const char *next_line(struct str *rest, struct arena *arena)
{
	struct str line;

	return str_line(rest, &line)
		       ? alert_text_clean(line, ALERT_TEXT_LINES, VALUE_MAX, arena).ptr
		       : "";
}

static void read_matchers(struct str rest, struct arena *arena, struct option_list *matchers)
{
	struct str line;

	while (matchers->count < MATCHERS_MAX && str_line(&rest, &line)) {
		struct matcher *matcher = NULL;
		struct err err = {0};

		if (matcher_parse(line, arena, &matcher, &err) < 0) {
			claim(err.msg[0] != '\0' && !matcher);
			continue;
		}
		claim(str_eq(str_of(matcher_text(matcher)), str_trim(line)));
		OPTION_AT(matchers, struct matcher *, matchers->count++) = matcher;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = str_n((const char *)data, size);
	struct arena *arena = arena_new();
	struct pairs labels = {0};
	struct option_list all = {
		.items = arena_calloc(arena, MATCHERS_MAX, sizeof(struct matcher *))};
	struct option_list first;
	struct matcher_subject subject = {.severity = SEVERITY_WARNING, .labels = &labels};
	const struct matcher *one = NULL;
	const struct matcher *other = NULL;

	subject.source = next_line(&rest, arena);
	subject.title = next_line(&rest, arena);
	pairs_set(&labels, arena, str_of("team"), str_of(next_line(&rest, arena)));
	read_matchers(rest, arena, &all);
	first = (struct option_list){.items = all.items, .count = all.count > 0};
	if (!matchers_can_match(&all, &one, &other)) {
		claim(one && other && !matchers_match(&all, &subject));
	}
	claim(matchers_cover(&first, &all));
	if (matchers_cover(&all, &first) && matchers_match(&first, &subject)) {
		claim(matchers_match(&all, &subject));
	}
	arena_free(arena);
	return 0;
}
