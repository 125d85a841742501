/*
 * From a connection to a host key that is good: libssh's ssh_connect(), called until it is done.
 *
 * What the peer says before its greeting is peeked at, because libssh only says that there was
 * none.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "net/ssh_algorithms.h"
#include "net/ssh_host_words.h"
#include "net/ssh_kexinit.h"
#include "net/ssh_session_internal.h"

enum { GREETING_MAX = 16 * 1024, PEEK_BYTES = 8192, TYPES_MAX = 1024, LIB_FD_MAX = 0xffff };

/* --- what libssh is told -------------------------------------------------------------------- */

static void add_type(void *arg, struct str type)
{
	strbuf_addf(arg, "%.*s ", STR_ARG(type));
}

static void choose_host_keys(struct ssh_session *session, struct strbuf *out)
{
	const struct ssh_hosts_name name = ssh_host_words_name(session->settings);
	struct strbuf known = STRBUF_INIT_MAX(TYPES_MAX);

	if (session->spec.host_keys) {
		strbuf_adds(out, session->spec.host_keys);
		return;
	}
	ssh_hosts_each_type(session->client->hosts, &name, add_type, &known);
	(void)ssh_algorithms_choose_host_keys(
		session->settings->host_keys, strbuf_str(&known), out);
	strbuf_release(&known);
}

static int set_list(
	struct ssh_session *session, enum ssh_options_e option, const struct strbuf *list)
{
	if (list->len == 0) {
		ssh_session_end(session, SSH_END_LOCAL,
			"%s: no algorithm is left that the settings allow", session->target);
		return -1;
	}
	return ssh_options_set(session->lib, option, list->buf);
}

static int set_algorithms(struct ssh_session *session)
{
	const struct ssh_settings *settings = session->settings;
	const struct {
		enum ssh_algorithms algorithms;
		const char *allowed;
		enum ssh_options_e options[2];
	} rows[] = {
		{SSH_ALGORITHMS_KEX, settings->kex, {SSH_OPTIONS_KEY_EXCHANGE}},
		{SSH_ALGORITHMS_CIPHER, settings->ciphers,
			{SSH_OPTIONS_CIPHERS_C_S, SSH_OPTIONS_CIPHERS_S_C}},
		{SSH_ALGORITHMS_MAC, settings->macs, {SSH_OPTIONS_HMAC_C_S, SSH_OPTIONS_HMAC_S_C}},
		{SSH_ALGORITHMS_USER_KEY, settings->user_keys,
			{SSH_OPTIONS_PUBLICKEY_ACCEPTED_TYPES}},
	};
	struct strbuf list = STRBUF_INIT;
	int rc;

	choose_host_keys(session, &list);
	rc = set_list(session, SSH_OPTIONS_HOSTKEYS, &list);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(rows); i++) {
		strbuf_clear(&list);
		(void)ssh_algorithms_choose(rows[i].algorithms, rows[i].allowed, &list);
		rc = set_list(session, rows[i].options[0], &list);
		/* 0 is the option for the host's name, which is set elsewhere. */
		if (rc == 0 && rows[i].options[1] != SSH_OPTIONS_HOST) {
			rc = set_list(session, rows[i].options[1], &list);
		}
	}
	strbuf_release(&list);
	return rc;
}

static int set_options(struct ssh_session *session)
{
	const bool no = false;
	const struct {
		enum ssh_options_e option;
		const void *value;
	} rows[] = {
		/* Else it reads ~/.ssh/config, and runs what stands there. */
		{SSH_OPTIONS_PROCESS_CONFIG, &no},
		{SSH_OPTIONS_HOST, session->settings->hostname},
		{SSH_OPTIONS_USER, session->settings->user},
		/* Else it looks for the user's, and reads their known_hosts each time. */
		{SSH_OPTIONS_SSH_DIR, "/"},
		{SSH_OPTIONS_KNOWNHOSTS, "/dev/null"},
		{SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null"},
		{SSH_OPTIONS_FD, &session->lib_fd},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (ssh_options_set(session->lib, rows[i].option, rows[i].value) != SSH_OK) {
			return -1;
		}
	}
	return set_algorithms(session);
}

void ssh_handshake_begin(struct ssh_session *session, int fd)
{
	struct err err = {0};

	session->state = SSH_STATE_HANDSHAKE;
	session->fd = fd;
	for (const char *const *path = session->settings->known_hosts_files; *path; path++) {
		if (ssh_hosts_read(session->client->hosts, *path, &err) < 0) {
			ssh_session_end(session, SSH_END_LOCAL, "%s", err.msg);
			return;
		}
	}
	session->lib_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	session->lib = ssh_new();
	if (session->lib_fd < 0 || session->lib_fd > LIB_FD_MAX || !session->lib) {
		ssh_session_end(session, SSH_END_LOCAL, "%s: %s", session->target,
			errno_text(session->lib_fd < 0 ? errno : EMFILE));
		return;
	}
	ssh_set_blocking(session->lib, 0);
	ssh_set_counters(session->lib, &session->counter, NULL);
	if (set_options(session) != 0) {
		ssh_session_end_by_lib(session, SSH_END_LOCAL);
	}
}

/* --- the greeting --------------------------------------------------------------------------- */

/* What is there to be read, before libssh takes it. */
static void peek(struct ssh_session *session)
{
	char bytes[PEEK_BYTES];
	ssize_t n = recv(session->fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	uint64_t taken = session->counter.in_bytes;
	uint64_t end = taken + (uint64_t)(n > 0 ? n : 0);

	if (session->greeting_bytes < taken) {
		session->is_opening_lost = true;
		session->greeting_bytes = taken;
	}
	/* Part of it may have been there at the last look. */
	if (end > session->greeting_bytes) {
		size_t new_bytes = (size_t)(end - session->greeting_bytes);
		const char *new = bytes + ((size_t)n - new_bytes);

		strbuf_add(&session->greeting, new, new_bytes);
		if (session->events.showed_key) {
			strbuf_add(&session->opening, new, new_bytes);
		}
		session->greeting_bytes = end;
	}
}

/* Of host keys that the server knows; empty if that was not seen. */
static struct str server_algorithms(const struct ssh_session *session)
{
	struct str names = str_n("", 0);

	if (!session->is_opening_lost) {
		(void)ssh_kexinit_host_keys(strbuf_str(&session->opening), &names);
	}
	return names;
}

static bool wants_to_peek(const struct ssh_session *session)
{
	return !ssh_get_serverbanner(session->lib) ||
	       (session->events.showed_key && server_algorithms(session).len == 0);
}

static void end_not_ssh(struct ssh_session *session)
{
	struct strbuf said = STRBUF_INIT;
	struct str rest = strbuf_str(&session->greeting), line = rest;

	(void)str_line(&rest, &line);
	utf8_add_escaped(&said, line, 80);
	ssh_session_end(
		session, SSH_END_NOT_SSH, "%s does not speak SSH: '%s'", session->target, said.buf);
	strbuf_release(&said);
}

static bool is_other_protocol(const struct ssh_session *session)
{
	return str_starts(strbuf_str(&session->greeting), "HTTP/") ||
	       session->greeting_bytes > GREETING_MAX;
}

/* The server hung up, perhaps after a word. */
static void end_ungreeted(struct ssh_session *session)
{
	struct str said = strbuf_str(&session->greeting);

	if (said.len == 0) {
		ssh_session_end(session, SSH_END_DROPPED,
			"%s closed the connection without a greeting", session->target);
	} else if (str_contains(said, "MaxStartups") ||
		   str_contains(said, "Not allowed at this time")) {
		struct strbuf text = STRBUF_INIT;

		utf8_add_escaped(&text, str_trim(said), 80);
		ssh_session_end(session, SSH_END_DROPPED, "%s refused the connection: '%s'",
			session->target, text.buf);
		strbuf_release(&text);
	} else {
		end_not_ssh(session);
	}
}

static void end_kex(struct ssh_session *session)
{
	struct str error = str_of(ssh_get_error(session->lib));

	if (str_contains(error, "Socket error")) {
		ssh_session_end(session, SSH_END_DROPPED,
			"%s closed the connection during the key exchange", session->target);
	} else {
		ssh_session_end_by_lib(session, SSH_END_KEX);
		session->end.lacks_host_key = str_contains(error, "server host key algo");
	}
}

/* --- the host's key ------------------------------------------------------------------------- */

static int get_host_key(struct ssh_session *session, struct strbuf *blob)
{
	ssh_key key = NULL;
	char *base64 = NULL;
	int rc = -1;

	if (ssh_get_server_publickey(session->lib, &key) == SSH_OK &&
		ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK) {
		rc = base64_decode(str_of(base64), blob, NULL);
	}
	ssh_string_free_char(base64);
	ssh_key_free(key);
	return rc;
}

typedef void add_words_fn(struct strbuf *out, const struct ssh_host_words *);

static void end_by_key(struct ssh_session *session, enum ssh_end_cause cause, add_words_fn *add,
	struct str blob, const struct ssh_hosts_finding *finding)
{
	const struct ssh_settings *settings = session->settings;
	const struct ssh_hosts_name host = ssh_host_words_name(settings);
	struct strbuf name = STRBUF_INIT, shown = STRBUF_INIT, known = STRBUF_INIT;
	struct strbuf text = STRBUF_INIT;

	ssh_hosts_add_name(&name, &host);
	ssh_host_words_add_key(&shown, blob);
	ssh_host_words_add_key(&known, finding->blob);
	add(&text, &(struct ssh_host_words){.name = name.buf,
			   .alias = settings->alias,
			   .port = settings->port,
			   .config_file = settings->config_file,
			   .shown = shown.buf,
			   .known = known.buf,
			   .path = finding->path,
			   .line = finding->line});
	ssh_session_end(session, cause, "%s", text.buf);
	strbuf_release(&name);
	strbuf_release(&shown);
	strbuf_release(&known);
	strbuf_release(&text);
}

/* By a decision that was made before: --accept-new-host-keys. */
static void accept_new(
	struct ssh_session *session, const struct ssh_hosts_name *name, struct str blob)
{
	const char *path = session->settings->user_known_hosts_file;
	struct err err = {0};

	if (path && strcmp(path, "/dev/null") != 0 &&
		ssh_hosts_append(path, name, blob, session->settings->hashes_known_hosts, &err) <
			0) {
		ssh_session_end(session, SSH_END_LOCAL, "%s", err.msg);
		return;
	}
	ssh_hosts_add_known(session->client->hosts, name, blob);
}

static void check_host_key(struct ssh_session *session, struct str blob)
{
	const struct ssh_hosts_name name = ssh_host_words_name(session->settings);
	struct ssh_hosts_finding finding = ssh_hosts_check(session->client->hosts, &name, blob);

	switch (finding.verdict) {
	case SSH_HOSTS_KNOWN:
		break;
	case SSH_HOSTS_UNKNOWN:
		if (session->spec.accepts_new_host_keys) {
			accept_new(session, &name, blob);
		} else {
			end_by_key(session, SSH_END_HOST_KEY_UNKNOWN, ssh_host_words_add_unknown,
				blob, &finding);
		}
		break;
	case SSH_HOSTS_CHANGED:
		end_by_key(session, SSH_END_HOST_KEY_CHANGED, ssh_host_words_add_changed, blob,
			&finding);
		break;
	case SSH_HOSTS_REVOKED:
		end_by_key(session, SSH_END_HOST_KEY_REVOKED, ssh_host_words_add_revoked, blob,
			&finding);
		break;
	}
}

/* Who asked for the key alone does not log in. */
static void show_key(struct ssh_session *session, struct str blob)
{
	session->events.showed_key(session->arg, blob, server_algorithms(session));
	ssh_session_end(session, SSH_END_CLOSED, "%s showed its key", session->target);
}

static void on_keys_exchanged(struct ssh_session *session)
{
	struct strbuf blob = STRBUF_INIT;

	if (get_host_key(session, &blob) < 0) {
		ssh_session_end(
			session, SSH_END_KEX, "%s: the host key cannot be read", session->target);
	} else if (session->events.showed_key) {
		show_key(session, strbuf_str(&blob));
	} else {
		check_host_key(session, strbuf_str(&blob));
	}
	strbuf_release(&blob);
	if (!session->has_ended) {
		ssh_auth_begin(session);
	}
}

void ssh_handshake_step(struct ssh_session *session)
{
	bool is_greeted;
	int rc;

	if (wants_to_peek(session)) {
		peek(session);
	}
	session->lib_fd = -1; /* it is libssh's from here on */
	rc = ssh_connect(session->lib);
	is_greeted = ssh_get_serverbanner(session->lib) != NULL;
	if (rc == SSH_OK) {
		on_keys_exchanged(session);
	} else if (!is_greeted && is_other_protocol(session)) {
		end_not_ssh(session);
	} else if (rc == SSH_ERROR && is_greeted) {
		end_kex(session);
	} else if (rc == SSH_ERROR) {
		end_ungreeted(session);
	}
}
