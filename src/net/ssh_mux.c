/*
 * Messages of a control socket.  See ssh_mux.h.
 *
 * Numbers are 32 bits, the highest first; a string has its length before it, and so has each
 * message.
 */
#include "net/ssh_mux.h"

#include "base/alloc.h"

enum { VERSION = 4, NO_ESCAPE_CHARACTER = -1, REQUEST = 1 };

static const uint32_t HELLO = 0x00000001;
static const uint32_t ASK_SESSION = 0x10000002;
static const uint32_t ASK_ALIVE = 0x10000004;
static const uint32_t TELL_DENIED = 0x80000002;
static const uint32_t TELL_FAILED = 0x80000003;
static const uint32_t TELL_EXIT = 0x80000004;
static const uint32_t TELL_ALIVE = 0x80000005;
static const uint32_t TELL_OPENED = 0x80000006;
static const uint32_t TELL_NO_TTY = 0x80000008;

static void add_number(struct strbuf *out, uint32_t number)
{
	const char bytes[] = {
		(char)(number >> 24), (char)(number >> 16), (char)(number >> 8), (char)number};

	strbuf_add(out, bytes, sizeof(bytes));
}

static void add_string(struct strbuf *out, const char *string)
{
	add_number(out, (uint32_t)strlen(string));
	strbuf_adds(out, string);
}

static void add_message(struct strbuf *out, const struct strbuf *message)
{
	add_number(out, (uint32_t)message->len);
	strbuf_addstr(out, strbuf_str(message));
}

void ssh_mux_add_hello(struct strbuf *out)
{
	struct strbuf message = STRBUF_INIT;

	add_number(&message, HELLO);
	add_number(&message, VERSION);
	add_message(out, &message);
	strbuf_release(&message);
}

void ssh_mux_add_session(struct strbuf *out, const struct ssh_mux_session *session)
{
	struct strbuf message = STRBUF_INIT;

	add_number(&message, ASK_SESSION);
	add_number(&message, REQUEST);
	add_string(&message, ""); /* reserved */
	add_number(&message, session->wants_tty);
	add_number(&message, false); /* X11 */
	add_number(&message, true);  /* the agent, if the settings of the connection say so */
	add_number(&message, session->is_subsystem);
	add_number(&message, (uint32_t)NO_ESCAPE_CHARACTER);
	add_string(&message, session->wants_tty ? session->terminal : "");
	add_string(&message, session->command);
	for (const char *const *entry = session->environment; entry && *entry; entry++) {
		add_string(&message, *entry);
	}
	add_message(out, &message);
	strbuf_release(&message);
}

void ssh_mux_add_alive_check(struct strbuf *out)
{
	struct strbuf message = STRBUF_INIT;

	add_number(&message, ASK_ALIVE);
	add_number(&message, REQUEST);
	add_message(out, &message);
	strbuf_release(&message);
}

/* --- reading -------------------------------------------------------------------------------- */

static bool take_number(struct str *bytes, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (bytes->len < sizeof(number)) {
		return false;
	}
	for (size_t i = 0; i < sizeof(number); i++) {
		number = number << 8 | (unsigned char)bytes->ptr[i];
	}
	*bytes = str_sub(*bytes, sizeof(number), bytes->len);
	*ret_number = number;
	return true;
}

static bool take_string(struct str *bytes, struct str *ret_string)
{
	struct str rest = *bytes;
	uint32_t len;

	if (!take_number(&rest, &len) || len > rest.len) {
		return false;
	}
	*ret_string = str_sub(rest, 0, len);
	*bytes = str_sub(rest, len, rest.len);
	return true;
}

/* The content of a message; false if it is not as it should be. */
static bool read_message(struct str content, struct ssh_mux_message *message)
{
	uint32_t type, request;

	if (!take_number(&content, &type)) {
		return false;
	}
	if (type == HELLO) {
		message->type = SSH_MUX_HELLO;
		return take_number(&content, &message->code) && message->code == VERSION;
	}
	if (!take_number(&content, &request)) { /* or the number of a session */
		return false;
	}
	if (type == TELL_FAILED || type == TELL_DENIED) {
		message->type = SSH_MUX_FAILED;
		return take_string(&content, &message->text);
	}
	if (type == TELL_EXIT || type == TELL_OPENED) {
		message->type = type == TELL_EXIT ? SSH_MUX_EXIT : SSH_MUX_OPENED;
		return take_number(&content, &message->code);
	}
	if (type == TELL_ALIVE) {
		message->type = SSH_MUX_ALIVE;
	} else if (type == TELL_NO_TTY) {
		message->type = SSH_MUX_NO_TTY;
	}
	return true;
}

enum ssh_mux_found ssh_mux_find(struct str bytes, struct ssh_mux_message *ret_message)
{
	struct ssh_mux_message message = {.type = SSH_MUX_UNEXPECTED, .text = str_of("")};
	struct str rest = bytes;
	uint32_t len;

	if (!take_number(&rest, &len)) {
		return SSH_MUX_PARTIAL;
	}
	if (len > SSH_MUX_MAX) {
		return SSH_MUX_WRONG;
	}
	if (len > rest.len) {
		return SSH_MUX_PARTIAL;
	}
	if (!read_message(str_sub(rest, 0, len), &message)) {
		return SSH_MUX_WRONG;
	}
	message.size = bytes.len - rest.len + len;
	*ret_message = message;
	return SSH_MUX_WHOLE;
}
