/*
 * See ssh_identity.h.
 */
#include "net/ssh_identity.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <libssh/libssh.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/file.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "net/ssh_host_key.h"

enum { PUBLIC_MAX = 64 * 1024 };

/* A file as it was read.  Entries that are outdated stay, as sessions may use them. */
struct entry {
	struct ssh_identity identity;
	struct entry *older;
	struct timespec changed;
	off_t size;
	bool is_there;
};

struct ssh_identities {
	struct arena *arena;
	struct map *entries;      /* path -> the newest entry */
	struct map *certificates; /* "key\ncertificate" -> ssh_key; NULL: does not fit */
};

struct ssh_identities *ssh_identities_new(void)
{
	struct ssh_identities *identities = xcalloc(1, sizeof(*identities));

	*identities = (struct ssh_identities){
		.arena = arena_new(),
		.entries = map_new(MAP_KEYS_COPIED),
		.certificates = map_new(MAP_KEYS_COPIED),
	};
	return identities;
}

void ssh_identities_free(struct ssh_identities **identities_ptr)
{
	struct ssh_identities *identities = TAKE(*identities_ptr);
	void *value;

	if (!identities) {
		return;
	}
	for (size_t pos = 0; map_next(identities->entries, &pos, NULL, &value);) {
		for (struct entry *entry = value; entry; entry = entry->older) {
			ssh_key_free(entry->identity.key);
			ssh_key_free(entry->identity.with_certificate);
		}
	}
	for (size_t pos = 0; map_next(identities->certificates, &pos, NULL, &value);) {
		ssh_key_free(value);
	}
	map_free(identities->entries);
	map_free(identities->certificates);
	arena_free(identities->arena);
	free(identities);
}

/* libssh asks for a passphrase: so there is one. */
static int on_passphrase(const char *prompt, char *buf, size_t len, int echo, int verify, void *arg)
{
	bool *was_asked = arg;

	(void)prompt;
	(void)buf;
	(void)len;
	(void)echo;
	(void)verify;
	*was_asked = true;
	return -1;
}

static struct str keep(struct ssh_identities *identities, const struct strbuf *bytes)
{
	return str_n(arena_strndup(identities->arena, bytes->buf, bytes->len), bytes->len);
}

/* "ssh-ed25519 AAAA... comment": its bytes; empty if it is none. */
static struct str read_public(struct ssh_identities *identities, const char *path)
{
	struct strbuf content = STRBUF_INIT, blob = STRBUF_INIT;
	struct str type, base64, real_type, found = str_n("", 0), rest;

	if (file_read(path, FILE_REGULAR, PUBLIC_MAX, &content, NULL) == 0) {
		rest = str_trim(strbuf_str(&content));
		if (str_word(&rest, &type) && str_word(&rest, &base64) &&
			base64_decode(str_trim(base64), &blob, NULL) == 0 &&
			ssh_host_key_type(strbuf_str(&blob), &real_type)) {
			found = keep(identities, &blob);
		}
	}
	strbuf_release(&content);
	strbuf_release(&blob);
	return found;
}

static struct str public_of(struct ssh_identities *identities, ssh_key key)
{
	struct strbuf blob = STRBUF_INIT;
	struct str found = str_n("", 0);
	char *base64 = NULL;

	if (ssh_pki_export_pubkey_base64(key, &base64) == SSH_OK &&
		base64_decode(str_of(base64), &blob, NULL) == 0) {
		found = keep(identities, &blob);
	}
	ssh_string_free_char(base64);
	strbuf_release(&blob);
	return found;
}

static ssh_key copy_with(ssh_key key, const char *certificate_path)
{
	ssh_key certificate = NULL, copy = NULL;

	if (access(certificate_path, R_OK) < 0 ||
		ssh_pki_import_cert_file(certificate_path, &certificate) != SSH_OK) {
		return NULL;
	}
	copy = ssh_key_dup(key);
	if (copy && ssh_pki_copy_cert_to_privkey(certificate, copy) != SSH_OK) {
		ssh_key_free(copy);
		copy = NULL;
	}
	ssh_key_free(certificate);
	return copy;
}

static void problem(struct ssh_identities *identities, struct ssh_identity *identity,
	enum ssh_identity_state state, const char *what)
{
	identity->state = state;
	identity->problem = arena_printf(identities->arena, "'%s' %s", identity->path, what);
}

static void read_key(struct ssh_identities *identities, struct ssh_identity *identity)
{
	bool was_asked = false;
	int rc = ssh_pki_import_privkey_file(
		identity->path, NULL, on_passphrase, &was_asked, &identity->key);

	if (rc == SSH_OK) {
		identity->state = SSH_IDENTITY_READY;
		identity->public_blob = public_of(identities, identity->key);
	} else if (was_asked || identity->public_blob.len > 0) {
		problem(identities, identity, SSH_IDENTITY_ENCRYPTED,
			"is encrypted, and is used through the agent only");
	} else {
		problem(identities, identity, SSH_IDENTITY_BAD, "is no private key");
	}
}

static void read_identity(struct ssh_identities *identities, struct entry *entry)
{
	struct ssh_identity *identity = &entry->identity;
	struct strbuf path = STRBUF_INIT;
	struct stat st;

	identity->problem = "";
	identity->state = SSH_IDENTITY_MISSING;
	strbuf_addf(&path, "%s.pub", identity->path);
	identity->public_blob = read_public(identities, path.buf);
	entry->is_there = stat(identity->path, &st) == 0;
	if (!entry->is_there) {
		strbuf_release(&path);
		return;
	}
	entry->changed = st.st_mtim;
	entry->size = st.st_size;
	if (!S_ISREG(st.st_mode)) {
		problem(identities, identity, SSH_IDENTITY_BAD, "is not a regular file");
	} else if (access(identity->path, R_OK) < 0) {
		problem(identities, identity, SSH_IDENTITY_BAD, "cannot be read");
	} else if (st.st_uid == getuid() && (st.st_mode & 077) != 0) {
		problem(identities, identity, SSH_IDENTITY_UNSAFE,
			"can be read by others (chmod 600)");
	} else {
		read_key(identities, identity);
	}
	if (identity->key) {
		strbuf_clear(&path);
		strbuf_addf(&path, "%s-cert.pub", identity->path);
		identity->with_certificate = copy_with(identity->key, path.buf);
	}
	strbuf_release(&path);
}

static bool is_as_it_was(const struct entry *entry)
{
	struct stat st;

	if (stat(entry->identity.path, &st) < 0) {
		return !entry->is_there;
	}
	return entry->is_there && st.st_size == entry->size &&
	       st.st_mtim.tv_sec == entry->changed.tv_sec &&
	       st.st_mtim.tv_nsec == entry->changed.tv_nsec;
}

const struct ssh_identity *ssh_identities_get(struct ssh_identities *identities, const char *path)
{
	struct entry *entry = map_get(identities->entries, str_of(path));
	struct entry *older = entry;

	if (!entry || !is_as_it_was(entry)) {
		entry = arena_alloc(identities->arena, sizeof(*entry));
		entry->identity.path = arena_strdup(identities->arena, path);
		entry->older = older;
		read_identity(identities, entry);
		(void)map_set(identities->entries, str_of(path), entry);
	}
	return &entry->identity;
}

/* OpenSSH uses keys on security keys. */
static bool is_on_security_key(const struct ssh_identity *identity)
{
	struct str type;

	return ssh_host_key_type(identity->public_blob, &type) && str_starts(type, "sk-");
}

void ssh_identities_add_problems(
	struct ssh_identities *identities, const char *const *paths, struct strbuf *out)
{
	for (; *paths; paths++) {
		const struct ssh_identity *identity = ssh_identities_get(identities, *paths);

		if (identity->problem[0] != '\0' && !is_on_security_key(identity)) {
			strbuf_addf(out, "; %s", identity->problem);
		}
	}
}

/* A certificate holds the fields of its key, as they stand in the key after its type. */
static bool is_for(struct str certificate, struct str key)
{
	struct str type;
	size_t head;

	if (!ssh_host_key_type(key, &type)) {
		return false;
	}
	head = (size_t)(type.ptr - key.ptr) + type.len;
	return memmem(certificate.ptr, certificate.len, key.ptr + head, key.len - head) != NULL;
}

struct ssh_key_struct *ssh_identities_certify(struct ssh_identities *identities,
	const struct ssh_identity *identity, const char *certificate_path)
{
	struct strbuf name = STRBUF_INIT;
	ssh_key key;

	if (!identity->key) {
		return NULL;
	}
	strbuf_addf(&name, "%s\n%s", identity->path, certificate_path);
	key = map_get(identities->certificates, strbuf_str(&name));
	if (!key && is_for(read_public(identities, certificate_path), identity->public_blob)) {
		key = copy_with(identity->key, certificate_path);
		(void)map_set(identities->certificates, strbuf_str(&name), key);
	}
	strbuf_release(&name);
	return key;
}
