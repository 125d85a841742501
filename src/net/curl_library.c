/*
 * libcurl by dlopen().  See curl_library.h.
 */
#include "net/curl_library.h"

#include <assert.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>

#include "base/alloc.h"

/* The name that the linker would have written down: of libcurl's interface since 2006. */
#define CURL_LIBRARY_FILE "libcurl.so.4"

static struct {
	pthread_once_t once;
	struct curl_library library;
	struct err err; /* code ERR_NONE: it is loaded */
} process = {.once = PTHREAD_ONCE_INIT};

static int refuse(const char *file, struct err *err)
{
	const char *why = dlerror();

	return err_set(err, ERR_SYSTEM,
		"cannot load '%s' (libcurl), which is needed for URLs and HTTP: %s", file,
		why ? why : "no reason given");
}

int curl_library_open(const char *file, struct curl_library *ret_library, struct err *err)
{
	static const struct {
		const char *symbol;
		size_t offset;
	} functions[] = {
#define FUNCTION(name) {"curl_" #name, offsetof(struct curl_library, name)},
		CURL_LIBRARY_FUNCTIONS(FUNCTION)
#undef FUNCTION
	};
	struct curl_library library;
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);

	if (!handle) {
		return refuse(file, err);
	}
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		void *address = dlsym(handle, functions[i].symbol);

		if (!address) {
			(void)refuse(file, err);
			(void)dlclose(handle);
			return -1;
		}
		/* No cast turns a pointer to data into one to a function; POSIX has them alike. */
		memcpy((char *)&library + functions[i].offset, &address, sizeof(address));
	}
	*ret_library = library;
	return 0;
}

static void load(void)
{
	(void)curl_library_open(CURL_LIBRARY_FILE, &process.library, &process.err);
}

int curl_library_load(struct err *err)
{
	(void)pthread_once(&process.once, load); /* fails for nothing but a bad argument */
	if (process.err.code == ERR_NONE) {
		return 0;
	}
	return err_set(err, process.err.code, "%s", process.err.msg);
}

const struct curl_library *curl_library(void)
{
	assert(process.library.easy_init);
	return &process.library;
}
