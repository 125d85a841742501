/*
 * Told to clang's analyzer in front of every source but base/err.c: these functions always return
 * -1. It looks at one source at a time and cannot know, and would follow paths that do not exist.
 */
#include "base/err.h"

#define err_set(...) ((err_set)(__VA_ARGS__), -1)
#define err_set_errno(...) ((err_set_errno)(__VA_ARGS__), -1)
#define err_wrap(...) ((err_wrap)(__VA_ARGS__), -1)
