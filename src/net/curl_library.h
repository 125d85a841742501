/*
 * libcurl, loaded by whoever needs it first.
 *
 * The distribution's libcurl brings twenty libraries that nothing else needs (GnuTLS, LDAP, RTMP).
 * They were half of the time of starting, and a fifth of the memory of a command on many servers.
 * So the program is not linked with libcurl: its headers give the types, and each of its functions
 * that we call is a pointer here, of the same name without "curl_".
 *
 * Any thread may load it and read the pointers; what libcurl says about threads holds for calls.
 * It stays until the process ends.
 */
#ifndef NET_CURL_LIBRARY_H
#define NET_CURL_LIBRARY_H

#include <curl/curl.h>

#include "base/err.h"

// clang-format off
#define CURL_LIBRARY_FUNCTIONS(FUNCTION) \
	FUNCTION(easy_cleanup) \
	FUNCTION(easy_getinfo) \
	FUNCTION(easy_init) \
	FUNCTION(easy_setopt) \
	FUNCTION(easy_strerror) \
	FUNCTION(free) \
	FUNCTION(global_cleanup) \
	FUNCTION(global_init) \
	FUNCTION(multi_add_handle) \
	FUNCTION(multi_cleanup) \
	FUNCTION(multi_info_read) \
	FUNCTION(multi_init) \
	FUNCTION(multi_remove_handle) \
	FUNCTION(multi_setopt) \
	FUNCTION(multi_socket_action) \
	FUNCTION(slist_append) \
	FUNCTION(slist_free_all) \
	FUNCTION(url) \
	FUNCTION(url_cleanup) \
	FUNCTION(url_get) \
	FUNCTION(url_set) \
	FUNCTION(version_info)

struct curl_library {
#define CURL_LIBRARY_POINTER(name) __typeof__(&(curl_##name)) name;
	CURL_LIBRARY_FUNCTIONS(CURL_LIBRARY_POINTER)
#undef CURL_LIBRARY_POINTER
};
// clang-format on

/* Loads it unless it is loaded.  An error says which library it is and what needs it; there is no
 * second attempt then. */
int curl_library_load(struct err *);

/* The library; it has been loaded. */
const struct curl_library *curl_library(void);

/* The functions of the library in `file`, a name as dlopen() takes it, which stays loaded. */
int curl_library_open(const char *file, struct curl_library *ret_library, struct err *);

#endif
