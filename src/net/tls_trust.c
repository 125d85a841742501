/*
 * One X509_STORE for each file of authorities.  See tls_trust.h.
 */
#include "net/tls_trust.h"

#include <sys/stat.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <openssl/err.h>

#include "base/alloc.h"
#include "base/map.h"
#include "net/curl_library.h"

struct authorities {
	X509_STORE *store; /* NULL: could not be read */
	struct stat stat;  /* of the file when it was read */
};

struct tls_trust {
	struct map *by_file; /* struct authorities */
};

struct tls_trust *tls_trust_new(void)
{
	struct tls_trust *trust = xcalloc(1, sizeof(*trust));

	trust->by_file = map_new(MAP_KEYS_COPIED);
	return trust;
}

void tls_trust_free(struct tls_trust **trust_ptr)
{
	struct tls_trust *trust = TAKE(*trust_ptr);
	void *value;

	if (!trust) {
		return;
	}
	for (size_t pos = 0; map_next(trust->by_file, &pos, NULL, &value);) {
		struct authorities *authorities = value;

		X509_STORE_free(authorities->store);
		free(authorities);
	}
	map_free(trust->by_file);
	free(trust);
}

/* curl makes up all of its answer each time. */
static const char *built_in_file(void)
{
	static const char *file;

	if (!file && curl_library_load(NULL) == 0) {
		file = curl_library()->version_info(CURLVERSION_NOW)->cainfo;
	}
	return file ? file : X509_get_default_cert_file();
}

const char *tls_trust_system_file(void)
{
	const char *file = getenv("SSL_CERT_FILE");

	return file && file[0] ? file : built_in_file();
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static X509_STORE *read_authorities(const char *file)
{
	X509_STORE *store = X509_STORE_new();

	if (!store || X509_STORE_load_file(store, file) != 1) {
		X509_STORE_free(store);
		ERR_clear_error();
		return NULL;
	}
	/* An authority that is trusted ends a chain, whether it is a root or not. */
	(void)X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
	return store;
}

int tls_trust_get(
	struct tls_trust *trust, const char *ca_file, X509_STORE **ret_store, struct err *err)
{
	const char *file = ca_file ? ca_file : tls_trust_system_file();
	struct authorities *authorities = map_get(trust->by_file, str_of(file));
	struct stat now;

	if (stat(file, &now) < 0) {
		return err_set_errno(
			err, errno, "cannot read certificate authorities in '%s'", file);
	}
	if (!authorities) {
		authorities = xcalloc(1, sizeof(*authorities));
		(void)map_set(trust->by_file, str_of(file), authorities);
	}
	if (!authorities->store || !is_same_file(&authorities->stat, &now)) {
		X509_STORE_free(authorities->store);
		authorities->store = read_authorities(file);
		authorities->stat = now;
	}
	if (!authorities->store) {
		return err_set(err, ERR_INPUT, "no certificate authorities in '%s'", file);
	}
	*ret_store = authorities->store;
	return 0;
}
