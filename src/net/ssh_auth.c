/*
 * Logging in: keys from files, the agent's, the password.  See ssh_session.h.
 *
 * What can be tried is listed first, then tried in turn.  A key from a file is used at once,
 * without asking the server whether it would do: that saves a round trip, and costs the server no
 * more.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "net/ssh_session_internal.h"

enum { AGENT_THREADS = 8 };

enum attempt_kind {
	ATTEMPT_KEY,
	ATTEMPT_AGENT,
	ATTEMPT_QUESTION, /* keyboard-interactive */
	ATTEMPT_PASSWORD,
	ATTEMPT_NONE, /* nothing at all: some servers want no more; all say what they want */
};

struct attempt {
	enum attempt_kind kind;
	ssh_key key;
	const char *name;
};

struct ssh_auth {
	struct attempt *attempts;
	size_t attempts_count, attempts_alloc;
	size_t current;
	struct strbuf tried;  /* "key '/home/me/.ssh/id_ed25519', agent" */
	struct strbuf passed; /* over: "'id_rsa' is encrypted ..." */
	int offered;          /* by the server, SSH_AUTH_METHOD_...; 0: not told yet */
	bool has_answered;    /* a question with the password */
	bool is_begun;        /* the current attempt */

	/* The agent. */
	struct str *blobs;
	size_t blobs_count, blobs_alloc;
	struct ssh_agent_port *port;
	atomic_bool is_abandoned;
	int result; /* of the thread's step */
};

void ssh_auth_free(struct ssh_auth **auth_ptr)
{
	struct ssh_auth *auth = TAKE(*auth_ptr);

	if (!auth) {
		return;
	}
	ssh_agent_port_free(&auth->port);
	strbuf_release(&auth->tried);
	strbuf_release(&auth->passed);
	free(auth->attempts);
	free(auth->blobs);
	free(auth);
}

/* --- what can be tried ---------------------------------------------------------------------- */

static void add_attempt(
	struct ssh_auth *auth, enum attempt_kind kind, ssh_key key, const char *name)
{
	*VEC_PUSH(auth, attempts) = (struct attempt){.kind = kind, .key = key, .name = name};
}

static void add_identity(struct ssh_session *session, const char *path)
{
	struct ssh_auth *auth = session->auth;
	struct ssh_identities *identities = session->client->identities;
	const struct ssh_identity *identity = ssh_identities_get(identities, path);

	if (identity->public_blob.len > 0) {
		*VEC_PUSH(auth, blobs) = identity->public_blob;
	}
	if (identity->state == SSH_IDENTITY_ENCRYPTED || identity->state == SSH_IDENTITY_UNSAFE ||
		identity->state == SSH_IDENTITY_BAD) {
		strbuf_addf(&auth->passed, "; %s", identity->problem);
	}
	if (!identity->key) {
		return;
	}
	for (const char *const *file = session->settings->certificate_files; *file; file++) {
		ssh_key key = ssh_identities_certify(identities, identity, *file);

		if (key) {
			add_attempt(auth, ATTEMPT_KEY, key, *file);
		}
	}
	if (identity->with_certificate) {
		add_attempt(auth, ATTEMPT_KEY, identity->with_certificate, identity->path);
	}
	add_attempt(auth, ATTEMPT_KEY, identity->key, identity->path);
}

static void list_attempts(struct ssh_session *session)
{
	const struct ssh_settings *settings = session->settings;
	struct ssh_auth *auth = session->auth;

	if (settings->uses_publickey) {
		for (const char *const *path = settings->identity_files; *path; path++) {
			add_identity(session, *path);
		}
		if (settings->identity_agent) {
			add_attempt(auth, ATTEMPT_AGENT, NULL, "agent");
		}
	}
	if (session->spec.password && settings->uses_password) {
		add_attempt(auth, ATTEMPT_PASSWORD, NULL, "password");
	}
	if (session->spec.password && settings->uses_keyboard_interactive) {
		add_attempt(auth, ATTEMPT_QUESTION, NULL, "keyboard-interactive");
	}
	add_attempt(auth, ATTEMPT_NONE, NULL, "none");
}

void ssh_auth_begin(struct ssh_session *session)
{
	session->state = SSH_STATE_AUTH;
	session->auth = xcalloc(1, sizeof(*session->auth));
	strbuf_init(&session->auth->tried, 1024);
	strbuf_init(&session->auth->passed, 1024);
	atomic_init(&session->auth->is_abandoned, false);
	list_attempts(session);
}

/* --- the agent, on a thread ----------------------------------------------------------------- */

/* The session may be freed meanwhile, and the settings with it: libssh has the name of its own. */
static void agent_work(void *arg)
{
	struct ssh_session *session = arg;
	struct ssh_auth *auth = session->auth;

	auth->result = atomic_load(&auth->is_abandoned) ? SSH_AUTH_ERROR
							: ssh_userauth_agent(session->lib, NULL);
}

static void on_result(struct ssh_session *session, int result);
static int real_result(const struct ssh_session *session, int result);

static void agent_done(void *arg)
{
	struct ssh_session *session = arg;

	int result;

	session->is_lent = false;
	result = real_result(session, session->auth->result);
	if (session->has_ended || session->is_freed || result == SSH_AUTH_AGAIN) {
		ssh_session_settle(session);
		return;
	}
	session->depth++;
	on_result(session, result);
	session->depth--;
	ssh_session_step(session);
}

void ssh_auth_abandon(struct ssh_session *session)
{
	atomic_store(&session->auth->is_abandoned, true);
	ssh_agent_port_free(&session->auth->port);
}

/* False: there is no agent, or no way to it. */
static bool reach_agent(struct ssh_session *session)
{
	struct ssh_auth *auth = session->auth;
	const struct ssh_agent_keys keys = {.wanted = auth->blobs,
		.wanted_count = auth->blobs_count,
		.only_wanted = session->settings->identities_only};
	struct ssh_client *client = session->client;
	struct err err = {0};
	int fd;

	if (!client->workers &&
		workers_new(client->loop, AGENT_THREADS, &client->workers, &err) < 0) {
		strbuf_addf(&auth->passed, "; %s", err.msg);
		return false;
	}
	if (ssh_agent_port_new(client->loop, session->settings->identity_agent, &keys, &auth->port,
		    &fd, &err) < 0) {
		strbuf_addf(&auth->passed, "; %s", err.msg);
		return false;
	}
	if (ssh_set_agent_socket(session->lib, fd) != SSH_OK) {
		(void)close(fd);
		return false;
	}
	return true;
}

static int try_agent(struct ssh_session *session)
{
	if (!session->auth->port && !reach_agent(session)) {
		return SSH_AUTH_DENIED;
	}
	session->is_lent = true;
	ssh_session_watch(session);
	workers_run(session->client->workers, agent_work, agent_done, session);
	return SSH_AUTH_AGAIN;
}

/* --- one attempt ---------------------------------------------------------------------------- */

static int answer_question(struct ssh_session *session)
{
	struct ssh_auth *auth = session->auth;
	int prompts = ssh_userauth_kbdint_getnprompts(session->lib);
	char is_echoed = 0;

	if (prompts == 0) {
		return SSH_AUTH_INFO; /* something was said; what is asked comes next */
	}
	(void)ssh_userauth_kbdint_getprompt(session->lib, 0, &is_echoed);
	if (prompts != 1 || is_echoed || auth->has_answered) {
		strbuf_adds(&auth->passed, "; the server asks for more than a password");
		return SSH_AUTH_DENIED;
	}
	auth->has_answered = true;
	return ssh_userauth_kbdint_setanswer(session->lib, 0, session->spec.password) < 0
		       ? SSH_AUTH_ERROR
		       : SSH_AUTH_INFO;
}

static int try_questions(struct ssh_session *session)
{
	int rc;

	do {
		rc = ssh_userauth_kbdint(session->lib, session->settings->user, NULL);
		if (rc == SSH_AUTH_INFO) {
			rc = answer_question(session);
		}
	} while (rc == SSH_AUTH_INFO);
	return rc;
}

static int try_attempt(struct ssh_session *session, const struct attempt *attempt)
{
	const char *user = session->settings->user;

	switch (attempt->kind) {
	case ATTEMPT_KEY:
		return ssh_userauth_publickey(session->lib, user, attempt->key);
	case ATTEMPT_AGENT:
		return try_agent(session);
	case ATTEMPT_QUESTION:
		return try_questions(session);
	case ATTEMPT_PASSWORD:
		return ssh_userauth_password(session->lib, user, session->spec.password);
	case ATTEMPT_NONE:
		return ssh_userauth_none(session->lib, user);
	}
	return SSH_AUTH_ERROR;
}

static bool is_offered(const struct ssh_auth *auth, const struct attempt *attempt)
{
	if (auth->offered == 0) {
		return true;
	}
	switch (attempt->kind) {
	case ATTEMPT_KEY:
	case ATTEMPT_AGENT:
		return auth->offered & SSH_AUTH_METHOD_PUBLICKEY;
	case ATTEMPT_QUESTION:
		return auth->offered & SSH_AUTH_METHOD_INTERACTIVE;
	case ATTEMPT_PASSWORD:
		return auth->offered & SSH_AUTH_METHOD_PASSWORD;
	case ATTEMPT_NONE:
		break;
	}
	return false; /* it has said what it wants */
}

/* --- what came of it ------------------------------------------------------------------------ */

static void add_offered(int offered, struct strbuf *out)
{
	static const struct {
		unsigned method;
		const char *name;
	} rows[] = {
		{SSH_AUTH_METHOD_PUBLICKEY, "publickey"},
		{SSH_AUTH_METHOD_PASSWORD, "password"},
		{SSH_AUTH_METHOD_INTERACTIVE, "keyboard-interactive"},
		{SSH_AUTH_METHOD_HOSTBASED, "hostbased"},
		{SSH_AUTH_METHOD_GSSAPI_MIC, "gssapi-with-mic"},
	};
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if ((unsigned)offered & rows[i].method) {
			strbuf_addf(out, "%s%s", separator, rows[i].name);
			separator = ", ";
		}
	}
}

static void end_denied(struct ssh_session *session, const char *why)
{
	const struct ssh_auth *auth = session->auth;
	struct strbuf text = STRBUF_INIT;

	strbuf_addf(&text, "%s: permission denied for '%s': tried %s", session->target,
		utf8_quote(str_of(session->settings->user)).text,
		auth->tried.len > 0 ? auth->tried.buf : "nothing, as there is no key");
	if (auth->offered != 0) {
		strbuf_adds(&text, "; the server takes ");
		add_offered(auth->offered, &text);
	}
	strbuf_addstr(&text, strbuf_str(&auth->passed));
	if (why) {
		strbuf_addf(&text, "; %s", why);
	}
	ssh_session_end(session, SSH_END_AUTH, "%s", text.buf);
	strbuf_release(&text);
}

static void end_error(struct ssh_session *session)
{
	struct strbuf text = STRBUF_INIT;

	ssh_session_add_lib_error(session, &text);
	if (str_contains(strbuf_str(&text), "Too many authentication failures") ||
		ssh_is_connected(session->lib)) {
		end_denied(session, text.buf);
	} else {
		ssh_session_end(session, SSH_END_CLOSED, "%s, while authenticating: %s",
			session->target, text.buf);
	}
	strbuf_release(&text);
}

static void next_attempt(struct ssh_session *session)
{
	struct ssh_auth *auth = session->auth;

	auth->current++;
	auth->is_begun = false;
	ssh_agent_port_free(&auth->port);
}

static void on_result(struct ssh_session *session, int result)
{
	struct ssh_auth *auth = session->auth;

	switch (result) {
	case SSH_AUTH_SUCCESS:
		ssh_session_opened(session);
		break;
	case SSH_AUTH_AGAIN:
		break;
	case SSH_AUTH_PARTIAL:
		/* One of several that it wants: what was not tried yet may be the other. */
		strbuf_adds(&auth->tried, " (taken, and more is wanted)");
		auth->offered = ssh_userauth_list(session->lib, NULL);
		next_attempt(session);
		break;
	case SSH_AUTH_DENIED:
		auth->offered = ssh_userauth_list(session->lib, NULL);
		next_attempt(session);
		break;
	default:
		if (auth->attempts[auth->current].kind == ATTEMPT_AGENT &&
			ssh_is_connected(session->lib)) {
			strbuf_adds(&auth->passed, "; the agent failed");
			next_attempt(session);
		} else {
			end_error(session);
		}
		break;
	}
}

/* libssh would have us wait for a server that has said goodbye. */
static int real_result(const struct ssh_session *session, int result)
{
	bool has_gone = !session->is_lent && !ssh_is_connected(session->lib);

	return result == SSH_AUTH_AGAIN && has_gone ? SSH_AUTH_ERROR : result;
}

static void begin_attempt(struct ssh_auth *auth, const struct attempt *attempt)
{
	auth->is_begun = true;
	if (attempt->kind == ATTEMPT_NONE) {
		return;
	}
	strbuf_adds(&auth->tried, auth->tried.len > 0 ? ", " : "");
	if (attempt->kind == ATTEMPT_KEY) {
		strbuf_addf(&auth->tried, "key '%s'", utf8_quote(str_of(attempt->name)).text);
	} else {
		strbuf_adds(&auth->tried, attempt->name);
	}
}

void ssh_auth_step(struct ssh_session *session)
{
	while (session->state == SSH_STATE_AUTH && !session->is_lent) {
		struct ssh_auth *auth = session->auth;
		const struct attempt *attempt;
		int result;

		while (auth->current < auth->attempts_count &&
			!is_offered(auth, &auth->attempts[auth->current])) {
			auth->current++;
		}
		if (auth->current == auth->attempts_count) {
			end_denied(session, NULL);
			return;
		}
		attempt = &auth->attempts[auth->current];
		if (!auth->is_begun) {
			begin_attempt(auth, attempt);
		}
		result = real_result(session, try_attempt(session, attempt));
		if (result == SSH_AUTH_AGAIN) {
			return;
		}
		on_result(session, result);
	}
}
