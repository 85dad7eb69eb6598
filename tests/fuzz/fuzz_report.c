/* fuzz_report.c: any bytes as the files of a run's directory, whose report is then written. "== result.json" on a line of its
 * own begins the file of that name; what stands before the first is dropped, and so are files of other names than a report
 * reads. Whatever they say, there is a page, and its only script is its own. */
#include "base/base.h"

#include <ferry/report.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "result.json",        "metrics.jsonl",       "critic.json",       "features.json",
    "samples.json",       "recipe.yaml",         "versions.json",     "data.json",
    "eval.json",          "weights.json",        "lr_find-head.json", "lr_find-adapt.json",
    "kernels-adapt.json", "kernels-source.json", "data/target.json",  "data/train.json",
    "compare.json",       "fuse.json",           "search.json",
};

/* One for all inputs; it is empty between two. */
static char folder[] = "/tmp/ferry-fuzz-XXXXXX";

static char *path_of(const char *name)
{
    char *path = fyi_path_join(folder, name);

    if (path == NULL)
        abort();
    return path;
}

static void remove_folder(void)
{
    char *data = path_of("data");

    (void)rmdir(data);
    (void)rmdir(folder);
    fyi_free(data);
}

static void make_folder(void)
{
    static bool is_made;
    char *data;

    if (is_made)
        return;
    if (mkdtemp(folder) == NULL || atexit(remove_folder) != 0)
        abort();
    data = path_of("data");
    if (fyi_mkdirs(data) != FY_OK)
        abort();
    fyi_free(data);
    is_made = true;
}

/* The name on a "== name" line at `at`, NULL if there is none; *rest is what follows the line. */
static const char *name_at(const char *at, const char *end, const char **rest)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));

    for (size_t i = 0; newline != NULL && i < FYI_LEN(names); i++)
        if ((size_t)(newline - at) == 3 + strlen(names[i]) && memcmp(at, "== ", 3) == 0 &&
            memcmp(at + 3, names[i], strlen(names[i])) == 0) {
            *rest = newline + 1;
            return names[i];
        }
    return NULL;
}

static void put(const char *name, const char *from, const char *to)
{
    char *path = path_of(name);

    if (fyi_file_write(path, from, (size_t)(to - from)) != FY_OK)
        abort();
    fyi_free(path);
}

static void put_files(const char *text, const char *end)
{
    const char *name = NULL, *from = text;

    for (const char *at = text; at < end;) {
        const char *rest, *found = name_at(at, end, &rest), *newline;

        if (found != NULL) {
            if (name != NULL)
                put(name, from, at);
            name = found;
            at = from = rest;
            continue;
        }
        newline = memchr(at, '\n', (size_t)(end - at));
        at = newline != NULL ? newline + 1 : end;
    }
    if (name != NULL)
        put(name, from, end);
}

static void remove_files(void)
{
    for (size_t i = 0; i <= FYI_LEN(names); i++) {
        char *path = path_of(i < FYI_LEN(names) ? names[i] : "report.html");

        (void)unlink(path); /* most are not there */
        fyi_free(path);
    }
}

static void check_page(void)
{
    char *path = path_of("report.html"), *text = NULL;
    const char *script;
    size_t n;

    if (fyi_file_read(path, (size_t)1 << 30, &text, &n) != FY_OK || strlen(text) != n)
        abort();
    script = strstr(text, "<script");
    if (script == NULL || strstr(script + 1, "<script") != NULL)
        abort();
    fyi_free(text);
    fyi_free(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fy_status st;

    make_folder();
    put_files((const char *)data, (const char *)data + size);
    st = fy_report_write(folder);
    if (st == FY_OK)
        check_page();
    else if (fy_last_error()[0] == '\0')
        abort();
    remove_files();
    return 0;
}
