/*
 * A key begins with a byte that is nowhere else in it, so that a mismatch never needs to look back.
 */
#include "fleet/supervisor_reader.h"

#include <string.h>

#include "base/parse.h"

enum { KEY_BEGIN = 0x1e, SIGNAL_MAX = 16, EXIT_CODE_MAX = 255 };

void supervisor_reader_init(struct supervisor_reader *reader, const struct supervisor_key *key)
{
	*reader = (struct supervisor_reader){.key = *key};
}

/* --- Lines of the supervisor's --- */

/* "signal RTMIN+3" */
static bool read_signal(struct str line, char ret_name[SIGNAL_MAX + 1])
{
	struct str name = str_sub(line, strlen("signal "), line.len);

	if (!str_starts(line, "signal ") || name.len == 0 || name.len > SIGNAL_MAX) {
		return false;
	}
	for (size_t i = 0; i < name.len; i++) {
		if (!char_is_alnum(name.ptr[i]) && !strchr("+-", name.ptr[i])) {
			return false;
		}
	}
	memcpy(ret_name, name.ptr, name.len);
	ret_name[name.len] = '\0';
	return true;
}

static bool read_number(struct str line, const char *before, int64_t max, int64_t *ret_value)
{
	return str_starts(line, before) &&
	       parse_int(str_sub(line, strlen(before), line.len), 0, max, ret_value, NULL) == 0;
}

static bool read_line(struct supervisor_reader *reader, struct str line, char *name,
	struct supervisor_event *ret_event)
{
	int64_t number = 0;
	struct supervisor_event event = {0};

	if (str_is(line, "taken")) {
		event.word = SUPERVISOR_TAKEN;
	} else if (str_is(line, "closed")) {
		event.word = SUPERVISOR_INPUT_CLOSED;
	} else if (str_is(line, "nowhere")) {
		event.word = SUPERVISOR_NOWHERE;
	} else if (!reader->has_started && read_number(line, "started ", INT32_MAX, &number)) {
		event.word = SUPERVISOR_STARTED;
		event.pid = number;
		reader->has_started = true;
	} else if (!reader->has_ended && read_number(line, "exit ", EXIT_CODE_MAX, &number)) {
		event.word = SUPERVISOR_ENDED;
		event.exit_code = (int)number;
		reader->has_ended = true;
	} else if (!reader->has_ended && read_signal(line, name)) {
		event.word = SUPERVISOR_ENDED;
		event.signal = name;
		reader->has_ended = true;
	} else {
		return false;
	}
	*ret_event = event;
	return true;
}

/* A line that says nothing we know is dropped: it can be nobody else's. */
static void end_line(struct supervisor_reader *reader, const struct supervisor_listener *listener)
{
	char name[SIGNAL_MAX + 1];
	struct supervisor_event event;
	struct str line = str_n(reader->held, reader->held_count);

	if (str_ends(line, "\r")) {
		line.len--; /* a terminal's */
	}
	reader->is_in_line = false;
	reader->held_count = 0;
	if (read_line(reader, line, name, &event)) {
		listener->event(listener->arg, &event);
	}
}

/* On a terminal: the number follows, and the end of a line as terminals write it. */
static void begin_started(struct supervisor_reader *reader)
{
	static const char started[] = "started ";

	reader->is_in_line = true;
	reader->held_count = strlen(started);
	memcpy(reader->held, started, reader->held_count);
}

static void end_greeting(
	struct supervisor_reader *reader, char letter, const struct supervisor_listener *listener)
{
	struct supervisor_event event = {
		.word = letter == 'p' ? SUPERVISOR_PASSWORD : SUPERVISOR_READY};

	reader->is_in_greeting = false;
	if (letter == 't') {
		begin_started(reader);
	} else if (letter == 'p' || letter == 'r') {
		listener->event(listener->arg, &event);
	}
}

/* --- Keys --- */

static bool may_be(const struct supervisor_reader *reader, const char *key, char c)
{
	return key[reader->held_count] == c && memcmp(key, reader->held, reader->held_count) == 0;
}

/* Whoever is on the host can see the greeting, so it counts only before there is a command. */
static bool is_key_byte(const struct supervisor_reader *reader, char c)
{
	return may_be(reader, reader->key.secret, c) ||
	       (!reader->has_started && may_be(reader, reader->key.greeting, c));
}

static void hand_on(const struct supervisor_listener *listener, const char *bytes, size_t len)
{
	if (len > 0) {
		listener->text(listener->arg, str_n(bytes, len));
	}
}

static void end_key(struct supervisor_reader *reader)
{
	reader->is_in_line = memcmp(reader->held, reader->key.secret, SUPERVISOR_KEY_LEN) == 0;
	reader->is_in_greeting = !reader->is_in_line;
	reader->held_count = 0;
}

/* A byte that is not simply text. */
static void read_byte(
	struct supervisor_reader *reader, char c, const struct supervisor_listener *listener)
{
	if (reader->is_in_line) {
		if (c == '\n') {
			end_line(reader, listener);
		} else if (reader->held_count < SUPERVISOR_LINE_MAX) {
			reader->held[reader->held_count++] = c;
		} else {
			reader->held[0] = '\0'; /* too long to be any */
		}
		return;
	}
	if (reader->is_in_greeting) {
		end_greeting(reader, c, listener);
		return;
	}
	if (!is_key_byte(reader, c)) {
		hand_on(listener, reader->held, reader->held_count);
		reader->held_count = 0;
	}
	if (!is_key_byte(reader, c)) {
		hand_on(listener, &c, 1);
		return;
	}
	reader->held[reader->held_count++] = c;
	if (reader->held_count == SUPERVISOR_KEY_LEN) {
		end_key(reader);
	}
}

void supervisor_read(struct supervisor_reader *reader, struct str bytes,
	const struct supervisor_listener *listener)
{
	for (size_t pos = 0; pos < bytes.len;) {
		if (!reader->is_in_line && !reader->is_in_greeting && reader->held_count == 0) {
			size_t end = str_find(bytes, KEY_BEGIN, pos);

			hand_on(listener, bytes.ptr + pos, end - pos);
			pos = end;
		}
		if (pos < bytes.len) {
			read_byte(reader, bytes.ptr[pos++], listener);
		}
	}
}

void supervisor_read_end(
	struct supervisor_reader *reader, const struct supervisor_listener *listener)
{
	if (!reader->is_in_line) {
		hand_on(listener, reader->held, reader->held_count);
	}
	reader->is_in_line = false;
	reader->is_in_greeting = false;
	reader->held_count = 0;
}
