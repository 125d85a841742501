/*
 * Questions in a row, answers in the same order.  See copy_hasher.h.
 *
 * A question is two lines, the number of bytes ("-": all) and the path; an answer is one line, "="
 * and the sum, or "-".  The first line that counts is "sre-copy-sums ready" or "... none".
 */
#include "fleet/copy_hasher.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/strbuf.h"
#include "base/vec.h"

enum { LINE_MAX_BYTES = 4096 };

static const char greeting[] = "sre-copy-sums ";

/* One line without single quotes, backslashes and exclamation marks in what is quoted: csh and fish
 * read it like the others. */
// clang-format off
#define PROGRAM \
	"if sha256sum </dev/null >/dev/null 2>&1; then s() { sha256sum; }; " \
	"elif shasum -a 256 </dev/null >/dev/null 2>&1; then s() { shasum -a 256; }; " \
	"elif openssl dgst -sha256 -r </dev/null >/dev/null 2>&1; then s() { openssl dgst -sha256 -r; }; " \
	"else echo; echo sre-copy-sums none; exit; fi; " \
	"echo; echo sre-copy-sums ready; " \
	"while IFS= read -r n && IFS= read -r f; do " \
	"h=$({ case $n in -) s;; *) head -c \"$n\" | s;; esac; } <\"$f\") 2>/dev/null && h==${h%% *} || h=-; " \
	"echo \"$h\"; " \
	"done"

const char copy_hasher_program[] = PROGRAM;
const char copy_hasher_command[] = "exec /bin/sh -c '" PROGRAM "'";
// clang-format on

struct question {
	copy_hasher_fn *fn; /* NULL: forgotten */
	void *arg;
};

struct copy_hasher {
	struct copy_hasher_events events;
	void *arg;
	struct strbuf line; /* what came of it */
	bool is_ready, is_absent, is_freed;
	int calls;
	struct strbuf waiting; /* questions, before it is ready */
	struct question *questions;
	size_t first, questions_count, questions_alloc;
};

struct copy_hasher *copy_hasher_new(const struct copy_hasher_events *events, void *arg)
{
	struct copy_hasher *hasher = xcalloc(1, sizeof(*hasher));

	hasher->events = *events;
	hasher->arg = arg;
	strbuf_init(&hasher->line, LINE_MAX_BYTES);
	strbuf_init(&hasher->waiting, 0);
	return hasher;
}

static void hasher_release(struct copy_hasher *hasher)
{
	strbuf_release(&hasher->line);
	strbuf_release(&hasher->waiting);
	free(hasher->questions);
	free(hasher);
}

void copy_hasher_free(struct copy_hasher **hasher_ptr)
{
	struct copy_hasher *hasher = TAKE(*hasher_ptr);

	if (hasher) {
		hasher->is_freed = true;
		if (hasher->calls == 0) {
			hasher_release(hasher);
		}
	}
}

static void enter(struct copy_hasher *hasher)
{
	hasher->calls++;
}

static void leave(struct copy_hasher *hasher)
{
	if (--hasher->calls == 0 && hasher->is_freed) {
		hasher_release(hasher);
	}
}

size_t copy_hasher_pending(const struct copy_hasher *hasher)
{
	return hasher->questions_count - hasher->first;
}

static void answer(struct copy_hasher *hasher, const struct copy_sum *sum)
{
	struct question question = hasher->questions[hasher->first++];

	if (hasher->first == hasher->questions_count) {
		hasher->first = hasher->questions_count = 0;
	}
	if (question.fn) {
		question.fn(question.arg, sum);
	}
}

static void give_up(struct copy_hasher *hasher)
{
	hasher->is_absent = true;
	while (!hasher->is_freed && copy_hasher_pending(hasher) > 0) {
		answer(hasher, NULL);
	}
}

void copy_hasher_end(struct copy_hasher *hasher)
{
	enter(hasher);
	give_up(hasher);
	leave(hasher);
}

static void take_greeting(struct copy_hasher *hasher, struct str line)
{
	if (!str_starts(line, greeting)) {
		return; /* of the login's */
	}
	if (!str_ends(line, " ready")) {
		give_up(hasher);
		return;
	}
	hasher->is_ready = true;
	if (hasher->waiting.len > 0) {
		hasher->events.send(hasher->arg, strbuf_str(&hasher->waiting));
		strbuf_release(&hasher->waiting);
	}
}

static void take_line(struct copy_hasher *hasher, struct str line)
{
	struct copy_sum sum = {0};

	if (!hasher->is_ready) {
		take_greeting(hasher, line);
		return;
	}
	if (copy_hasher_pending(hasher) == 0 ||
		(line.len > 0 && line.ptr[0] != '=' && !str_is(line, "-"))) {
		give_up(hasher); /* it says what it should not */
		return;
	}
	line = str_sub(line, 1, line.len);
	if (copy_sum_is(line)) {
		memcpy(sum.hex, line.ptr, COPY_SUM_LEN);
		answer(hasher, &sum);
	} else {
		answer(hasher, NULL);
	}
}

void copy_hasher_receive(struct copy_hasher *hasher, struct str bytes)
{
	struct str piece;

	enter(hasher);
	while (!hasher->is_freed && !hasher->is_absent && bytes.len > 0) {
		size_t end = str_find(bytes, '\n', 0);

		piece = str_sub(bytes, 0, end);
		strbuf_addstr(&hasher->line, piece);
		if (end == bytes.len) {
			break;
		}
		bytes = str_sub(bytes, end + 1, bytes.len);
		take_line(hasher, strbuf_str(&hasher->line));
		strbuf_clear(&hasher->line);
	}
	leave(hasher);
}

bool copy_hasher_can(const struct copy_hasher *hasher, const char *path)
{
	return !hasher->is_absent && !strchr(path, '\n');
}

void copy_hasher_ask(struct copy_hasher *hasher, const char *path, uint64_t max_bytes,
	copy_hasher_fn *fn, void *arg)
{
	struct strbuf text = STRBUF_INIT;

	assert(copy_hasher_can(hasher, path));
	*VEC_PUSH(hasher, questions) = (struct question){fn, arg};
	if (max_bytes == UINT64_MAX) {
		strbuf_adds(&text, "-\n");
	} else {
		strbuf_addf(&text, "%" PRIu64 "\n", max_bytes);
	}
	/* So that no path is an option of the shell, or standard input. */
	strbuf_addf(&text, "%s%s\n", path[0] == '/' ? "" : "./", path);
	if (hasher->is_ready) {
		hasher->events.send(hasher->arg, strbuf_str(&text));
	} else {
		strbuf_addstr(&hasher->waiting, strbuf_str(&text));
	}
	strbuf_release(&text);
}

void copy_hasher_forget(struct copy_hasher *hasher, const void *arg)
{
	for (size_t i = hasher->first; i < hasher->questions_count; i++) {
		if (hasher->questions[i].arg == arg) {
			hasher->questions[i].fn = NULL;
		}
	}
}
