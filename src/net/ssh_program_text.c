/*
 * Lines of ssh.  See ssh_program_text.h.
 *
 * One table has the lines that tell a cause.  Several of them come as a rule, and the first of the
 * strongest counts: what a bastion's ssh complained about is stronger than that the connection
 * through it was closed then.
 */
#include "net/ssh_program_text.h"

#include <stdlib.h>

#include "base/alloc.h"
#include "base/parse.h"
#include "net/ssh_host_key.h"

enum {
	LINE_MAX_BYTES = 2048, /* of a line, the rest does not matter */
	FIELD_MAX_BYTES = 1024,
	CHANNELS_MAX = 64,
};

/* Who has closed the connection, where that is the other end of a proxy's pipe. */
#define PROXY_PEER "UNKNOWN port 65535"

enum strength {
	NOTHING,
	RESULT, /* of something else, if that is told too */
	REASON,
	PROOF,
};

struct ssh_program_text {
	const char *mark;
	struct strbuf marked;  /* what stood behind it */
	bool has_mark;         /* that has yet to be taken */
	struct strbuf partial; /* a line that has yet to end */
	enum ssh_phase phase;
	enum strength strength; /* of the cause */
	enum ssh_end_cause cause;
	struct strbuf line;  /* that told it */
	struct strbuf first; /* that is no chatter */
	struct strbuf last;
	struct strbuf greeting; /* the first line that was no greeting of SSH */
	bool is_through_proxy;
	bool has_dropped; /* a server, not only a proxy */
	bool fingerprint_follows;
	struct strbuf host, key, path;
	size_t line_number;
	uint64_t refused; /* channels, a bit each */
};

enum where {
	BEGINS,
	CONTAINS,
	ENDS,
};

struct complaint {
	enum where where;
	const char *words;
	enum strength strength;
	enum ssh_phase from, to;
	enum ssh_end_cause cause;
};

#define ANY SSH_PHASE_LOOKUP, SSH_PHASE_OPEN
#define EARLY SSH_PHASE_LOOKUP, SSH_PHASE_KEX
#define LATE SSH_PHASE_AUTH, SSH_PHASE_OPEN

// clang-format off
static const struct complaint complaints[] = {
	{CONTAINS, "Could not resolve hostname", REASON, EARLY, SSH_END_DNS},
	{ENDS, "Name or service not known", REASON, EARLY, SSH_END_DNS},
	{ENDS, "Temporary failure in name resolution", REASON, EARLY, SSH_END_DNS},
	{ENDS, "No address associated with hostname", REASON, EARLY, SSH_END_DNS},
	{ENDS, "Connection refused", REASON, EARLY, SSH_END_REFUSED},
	{ENDS, "No route to host", REASON, EARLY, SSH_END_UNREACHABLE},
	{ENDS, "Network is unreachable", REASON, EARLY, SSH_END_UNREACHABLE},
	{ENDS, "Host is down", REASON, EARLY, SSH_END_UNREACHABLE},
	{ENDS, "administratively prohibited: open failed", REASON, EARLY, SSH_END_UNREACHABLE},
	{ENDS, "Connection timed out", REASON, EARLY, SSH_END_TIMEOUT},
	{ENDS, "Operation timed out", REASON, EARLY, SSH_END_TIMEOUT},
	{CONTAINS, "Connection timed out during banner exchange", REASON, EARLY, SSH_END_TIMEOUT},
	{BEGINS, "ssh: connect to host", RESULT, EARLY, SSH_END_UNREACHABLE},

	{CONTAINS, "banner line contains invalid characters", REASON, EARLY, SSH_END_NOT_SSH},
	{CONTAINS, "No SSH version received in first", REASON, EARLY, SSH_END_NOT_SSH},
	{CONTAINS, "banner line too long", REASON, EARLY, SSH_END_NOT_SSH},
	{CONTAINS, "Protocol major versions differ", REASON, EARLY, SSH_END_NOT_SSH},
	{CONTAINS, "could not read protocol version", RESULT, EARLY, SSH_END_NOT_SSH},
	{CONTAINS, "Unable to negotiate with", REASON, EARLY, SSH_END_KEX},
	{BEGINS, "Bad packet length", REASON, EARLY, SSH_END_KEX},
	{CONTAINS, "message authentication code incorrect", REASON, EARLY, SSH_END_KEX},
	{CONTAINS, "incorrect signature", REASON, EARLY, SSH_END_KEX},
	{CONTAINS, "invalid format", RESULT, EARLY, SSH_END_KEX},
	{BEGINS, "ssh_dispatch_run_fatal", RESULT, EARLY, SSH_END_KEX},
	{BEGINS, "Protocol error", RESULT, EARLY, SSH_END_KEX},

	{CONTAINS, "has changed and you have requested strict checking", PROOF, EARLY, SSH_END_HOST_KEY_CHANGED},
	{CONTAINS, "was revoked and you have requested strict checking", PROOF, EARLY, SSH_END_HOST_KEY_REVOKED},
	{CONTAINS, " revoked by file ", PROOF, EARLY, SSH_END_HOST_KEY_REVOKED},
	{CONTAINS, "is marked as revoked", REASON, EARLY, SSH_END_HOST_KEY_REVOKED},
	{CONTAINS, "host key is known for", PROOF, EARLY, SSH_END_HOST_KEY_UNKNOWN},
	{BEGINS, "Host key verification failed", REASON, EARLY, SSH_END_HOST_KEY_UNKNOWN},

	{CONTAINS, "Permission denied (", PROOF, ANY, SSH_END_AUTH},
	{CONTAINS, "Too many authentication failures", PROOF, ANY, SSH_END_AUTH},
	{BEGINS, "Permission denied, please try again", RESULT, ANY, SSH_END_AUTH},

	{BEGINS, "Timeout, server", PROOF, ANY, SSH_END_SILENT},
	{ENDS, "Connection timed out", REASON, LATE, SSH_END_SILENT},
	{ENDS, "No route to host", REASON, LATE, SSH_END_SILENT},

	{CONTAINS, "Bad configuration option", PROOF, EARLY, SSH_END_LOCAL},
	{CONTAINS, "bad configuration options", REASON, EARLY, SSH_END_LOCAL},
	{BEGINS, "command-line: line 0:", REASON, EARLY, SSH_END_LOCAL},
	{BEGINS, "Can't open user config file", PROOF, EARLY, SSH_END_LOCAL},
	{BEGINS, "Bad owner or permissions on", PROOF, EARLY, SSH_END_LOCAL},
	{BEGINS, "hostname contains invalid characters", PROOF, EARLY, SSH_END_LOCAL},
	{BEGINS, "remote username contains invalid characters", PROOF, EARLY, SSH_END_LOCAL},
	{BEGINS, "unix_listener: ", PROOF, ANY, SSH_END_LOCAL},
	{CONTAINS, "disabling multiplexing", PROOF, ANY, SSH_END_LOCAL},
	{ENDS, "Too many open files", PROOF, ANY, SSH_END_LOCAL},

	/* Before it has shown who it is: it has too many of them. */
	{BEGINS, "kex_exchange_identification: ", RESULT, EARLY, SSH_END_DROPPED},
	{CONTAINS, "onnection closed by", RESULT, EARLY, SSH_END_DROPPED},
	{CONTAINS, "onnection reset by", RESULT, EARLY, SSH_END_DROPPED},
	{BEGINS, "Received disconnect from", RESULT, EARLY, SSH_END_DROPPED},
	{ENDS, "Broken pipe", RESULT, EARLY, SSH_END_DROPPED},

	{CONTAINS, "onnection closed by", RESULT, LATE, SSH_END_CLOSED},
	{CONTAINS, "onnection reset by", RESULT, LATE, SSH_END_CLOSED},
	{BEGINS, "Received disconnect from", REASON, LATE, SSH_END_CLOSED},
	{CONTAINS, "closed by remote host", RESULT, LATE, SSH_END_CLOSED},
	{ENDS, "Broken pipe", RESULT, LATE, SSH_END_CLOSED},
	{BEGINS, "Corrupted MAC on input", REASON, LATE, SSH_END_CLOSED},
	{BEGINS, "ssh_dispatch_run_fatal", RESULT, LATE, SSH_END_CLOSED},
};

/* It never goes back, so that a message of the server's cannot take it there. */
static const struct {
	const char *words;
	enum ssh_phase phase;
} milestones[] = {
	{"Connecting to ", SSH_PHASE_CONNECT},
	{"Executing proxy command: ", SSH_PHASE_CONNECT},
	{"Connection established", SSH_PHASE_GREETING},
	{"Local version string ", SSH_PHASE_GREETING},
	{"Remote protocol version ", SSH_PHASE_KEX},
	{"SSH2_MSG_NEWKEYS received", SSH_PHASE_AUTH},
	{"Entering interactive session", SSH_PHASE_OPEN},
};

/* Neither debugging nor of any use. */
static const char *const chatter[] = {
	"Authenticated to ",
	"Transferred: ",
	"Bytes per second: ",
	"Warning: Permanently added",
	"@@@",
};
// clang-format on

struct ssh_program_text *ssh_program_text_new(const char *mark)
{
	struct ssh_program_text *text = xcalloc(1, sizeof(*text));

	text->mark = mark;
	strbuf_init(&text->marked, FIELD_MAX_BYTES);
	strbuf_init(&text->partial, LINE_MAX_BYTES);
	strbuf_init(&text->line, LINE_MAX_BYTES);
	strbuf_init(&text->first, LINE_MAX_BYTES);
	strbuf_init(&text->last, LINE_MAX_BYTES);
	strbuf_init(&text->greeting, FIELD_MAX_BYTES);
	strbuf_init(&text->host, FIELD_MAX_BYTES);
	strbuf_init(&text->key, FIELD_MAX_BYTES);
	strbuf_init(&text->path, FIELD_MAX_BYTES);
	return text;
}

void ssh_program_text_free(struct ssh_program_text **text_ptr)
{
	struct ssh_program_text *text = TAKE(*text_ptr);

	if (!text) {
		return;
	}
	strbuf_release(&text->marked);
	strbuf_release(&text->partial);
	strbuf_release(&text->line);
	strbuf_release(&text->first);
	strbuf_release(&text->last);
	strbuf_release(&text->greeting);
	strbuf_release(&text->host);
	strbuf_release(&text->key);
	strbuf_release(&text->path);
	free(text);
}

static void set(struct strbuf *field, struct str value)
{
	strbuf_clear(field);
	strbuf_addstr(field, value);
}

/* Cut `words` off the front, if they stand there. */
static bool skip(struct str *line, const char *words)
{
	if (!str_starts(*line, words)) {
		return false;
	}
	*line = str_sub(*line, strlen(words), line->len);
	return true;
}

/* What stands before `words`, of which there is a place; the whole otherwise. */
static struct str before(struct str line, const char *words)
{
	const char *place = memmem(line.ptr, line.len, words, strlen(words));

	return place ? str_n(line.ptr, (size_t)(place - line.ptr)) : line;
}

static bool after(struct str line, const char *words, struct str *ret_rest)
{
	const char *place = memmem(line.ptr, line.len, words, strlen(words));

	if (!place) {
		return false;
	}
	*ret_rest = str_sub(line, (size_t)(place - line.ptr) + strlen(words), line.len);
	return true;
}

/* --- debugging ------------------------------------------------------------------------------ */

static void read_greeting(struct ssh_program_text *text, struct str line)
{
	struct str said;

	if (text->greeting.len == 0 && after(line, "banner line 0: ", &said)) {
		set(&text->greeting, said);
	}
}

/* "ssh-ed25519 SHA256:..." */
static void read_shown_key(struct ssh_program_text *text, struct str line)
{
	struct str type, fingerprint;

	if (text->phase == SSH_PHASE_KEX && str_word(&line, &type) &&
		str_word(&line, &fingerprint)) {
		strbuf_clear(&text->key);
		strbuf_addstr(&text->key, ssh_host_key_short_type(type));
		strbuf_addc(&text->key, ' ');
		strbuf_addstr(&text->key, fingerprint);
	}
}

static void read_debug(struct ssh_program_text *text, struct str line)
{
	for (size_t i = 0; i < ARRAY_LEN(milestones); i++) {
		if (str_starts(line, milestones[i].words) && text->phase < milestones[i].phase) {
			text->phase = milestones[i].phase;
		}
	}
	if (str_starts(line, "Executing proxy command: ")) {
		text->is_through_proxy = true;
	} else if (skip(&line, "kex_exchange_identification: ")) {
		read_greeting(text, line);
	} else if (skip(&line, "Server host key: ")) {
		read_shown_key(text, line);
	}
}

/* "7 ...": the bit of the channel; 0 if it is none, or one of more than there ever are. */
static uint64_t channel_bit(struct str text)
{
	struct str number = str_of("");
	int64_t channel;

	(void)str_word(&text, &number);
	number = before(number, ":");
	return parse_int(number, 0, CHANNELS_MAX - 1, &channel, NULL) == 0 ? UINT64_C(1) << channel
									   : 0;
}

/* "channel 2: request exec confirm 1", "channel_input_status_confirm: type 100 id 2" */
static void read_channel(struct ssh_program_text *text, struct str line)
{
	struct str rest = line;

	if (skip(&rest, "channel ") && str_contains(rest, ": request ")) {
		text->refused &= ~channel_bit(rest);
	} else if (str_starts(line, "channel_input_status_confirm") &&
		   after(line, " type 100 id ", &rest)) {
		text->refused |= channel_bit(rest);
	}
}

/* --- complaints ----------------------------------------------------------------------------- */

static bool is_said(const struct complaint *complaint, struct str line)
{
	switch (complaint->where) {
	case BEGINS:
		return str_starts(line, complaint->words);
	case CONTAINS:
		return str_contains(line, complaint->words);
	case ENDS:
		return str_ends(line, complaint->words);
	}
	return false;
}

static void read_complaint(struct ssh_program_text *text, struct str line)
{
	for (size_t i = 0; i < ARRAY_LEN(complaints); i++) {
		const struct complaint *complaint = &complaints[i];

		if (complaint->strength > text->strength && text->phase >= complaint->from &&
			text->phase <= complaint->to && is_said(complaint, line)) {
			text->strength = complaint->strength;
			text->cause = complaint->cause;
			set(&text->line, line);
		}
	}
}

/* "Offending ED25519 key in /home/u/.ssh/known_hosts:12" */
static void read_place(struct ssh_program_text *text, struct str place)
{
	size_t colon = place.len;
	int64_t number;

	while (colon > 0 && place.ptr[colon - 1] != ':') {
		colon--;
	}
	if (colon > 1 &&
		parse_int(str_sub(place, colon, place.len), 1, INT32_MAX, &number, NULL) == 0) {
		set(&text->path, str_sub(place, 0, colon - 1));
		text->line_number = (size_t)number;
	}
}

/* What is said of a host key that is not taken, of a bastion's too. */
static void read_host_key(struct ssh_program_text *text, struct str line)
{
	struct str rest;

	if (text->phase > SSH_PHASE_KEX) {
		return;
	}
	if (text->fingerprint_follows && str_starts(line, "SHA256:")) {
		strbuf_addc(&text->key, ' ');
		strbuf_addstr(&text->key, before(line, "."));
	}
	text->fingerprint_follows = false;
	rest = line;
	if (skip(&rest, "The fingerprint for the ") && str_contains(rest, " key sent by")) {
		set(&text->key, before(rest, " key sent by"));
		text->fingerprint_follows = true;
	} else if (skip(&rest, "Offending ") && after(rest, " key in ", &rest)) {
		read_place(text, rest);
	} else if (skip(&rest, "Host key for ")) {
		set(&text->host, before(rest, " has changed"));
	} else if (after(line, "host key is known for ", &rest)) {
		set(&text->host, before(rest, " and you have"));
	} else if (after(line, "host key for ", &rest)) {
		set(&text->host, before(before(rest, " was revoked"), " is marked as"));
	} else if (after(line, " revoked by file ", &rest)) {
		set(&text->path, rest);
	}
}

static bool is_chatter(struct str line)
{
	for (size_t i = 0; i < ARRAY_LEN(chatter); i++) {
		if (str_starts(line, chatter[i])) {
			return true;
		}
	}
	return line.len == 0;
}

static void read_line(struct ssh_program_text *text, struct str line)
{
	if (text->mark[0] != '\0' && skip(&line, text->mark)) {
		set(&text->marked, str_trim(line));
		text->has_mark = true;
		return;
	}
	if (skip(&line, "debug1: ")) {
		read_debug(text, line);
		return;
	}
	if (skip(&line, "debug2: ")) {
		read_channel(text, line);
		return;
	}
	if (is_chatter(line)) {
		return;
	}
	if (text->first.len == 0) {
		set(&text->first, line);
	}
	set(&text->last, line);
	if (str_contains(line, "onnection ") && str_contains(line, " by ") &&
		str_contains(line, " port ") && !str_contains(line, PROXY_PEER)) {
		text->has_dropped = true;
	}
	read_host_key(text, line);
	line = str_ends(line, ".") ? str_sub(line, 0, line.len - 1) : line;
	read_complaint(text, line);
}

void ssh_program_text_add(struct ssh_program_text *text, struct str bytes)
{
	while (bytes.len > 0) {
		size_t end = str_find(bytes, '\n', 0);

		strbuf_addstr(&text->partial, str_sub(bytes, 0, end));
		if (end == bytes.len) {
			return;
		}
		read_line(text, str_rtrim(strbuf_str(&text->partial)));
		strbuf_clear(&text->partial);
		bytes = str_sub(bytes, end + 1, bytes.len);
	}
}

bool ssh_program_text_take_mark(struct ssh_program_text *text, struct str *ret_rest)
{
	if (!text->has_mark) {
		return false;
	}
	text->has_mark = false;
	*ret_rest = strbuf_str(&text->marked);
	return true;
}

bool ssh_program_text_take_refusal(struct ssh_program_text *text, uint32_t channel)
{
	uint64_t bit = channel < CHANNELS_MAX ? UINT64_C(1) << channel : 0;
	bool was_refused = text->refused & bit;

	text->refused &= ~bit;
	return was_refused;
}

/* --- the end -------------------------------------------------------------------------------- */

enum ssh_phase ssh_program_text_phase(const struct ssh_program_text *text)
{
	return text->phase;
}

/* No line said why. */
static enum ssh_end_cause cause_of_phase(enum ssh_phase phase)
{
	return phase == SSH_PHASE_OPEN ? SSH_END_CLOSED : SSH_END_LOCAL;
}

static bool is_about_too_many(struct str greeting)
{
	return str_contains(greeting, "MaxStartups") ||
	       str_contains(greeting, "Not allowed at this time");
}

void ssh_program_text_judge(
	const struct ssh_program_text *text, struct ssh_program_finding *ret_finding)
{
	struct ssh_program_finding finding = {
		.cause = text->strength == NOTHING ? cause_of_phase(text->phase) : text->cause,
		.phase = text->phase,
		.line = strbuf_str(text->strength == NOTHING ? &text->last : &text->line),
		.host = strbuf_str(&text->host),
		.key = strbuf_str(&text->key),
		.path = strbuf_str(&text->path),
		.line_number = text->line_number,
	};
	bool was_dropped = finding.cause == SSH_END_DROPPED && text->phase <= SSH_PHASE_GREETING;

	if (finding.cause == SSH_END_DNS) {
		finding.phase = SSH_PHASE_LOOKUP;
	}
	if (was_dropped && text->is_through_proxy && !text->has_dropped) {
		finding.cause = SSH_END_UNREACHABLE; /* whatever the way there is, it has ended */
		finding.line = strbuf_str(&text->first);
	} else if (was_dropped && text->greeting.len > 0) {
		finding.line = strbuf_str(&text->greeting);
		if (!is_about_too_many(finding.line)) {
			finding.cause = SSH_END_NOT_SSH;
		}
	}
	*ret_finding = finding;
}
