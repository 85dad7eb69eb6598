# A text file as a C string constant: cmake -DINPUT= -DOUTPUT= -DNAME= -P embed.cmake
#
# One literal per line keeps each far below the length that C promises to accept.
file(READ ${INPUT} text)
string(REPLACE "\\" "\\\\" text "${text}")
string(REPLACE "\"" "\\\"" text "${text}")
string(REPLACE "\n" "\\n\"\n    \"" text "${text}")
get_filename_component(from ${INPUT} NAME)
file(WRITE ${OUTPUT} "/* Made from ${from} by the build. */\nstatic const char ${NAME}[] =\n    \"${text}\";\n")
