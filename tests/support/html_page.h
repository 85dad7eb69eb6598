/* html_page.h: files of a run's directory, the report that is written from them, and whether it is well formed. */
#ifndef FYT_HTML_PAGE_H
#define FYT_HTML_PAGE_H

#include "support/support.h"

/* dir/name, and the directory "data" beside it. */
void fyt_put_file(const char *dir, const char *name, const char *text, size_t n);
/* Writes dir/report.html and gives its text, to be freed with fyi_free. */
char *fyt_report(const char *dir);
/* Fails unless every tag closes, in order, nothing is from elsewhere, and every number is one. */
void fyt_check_page(const char *text);

#endif
