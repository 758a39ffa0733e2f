# cmake -DINPUT=FILE.sql -DOUTPUT=FILE.cc -DNAME=kSomething -P embed_sql.cmake
# Writes a C++ source that defines archsweep::NAME as the text of the file.
file(READ "${INPUT}" text)
string(FIND "${text}" ")sql\"" delimiter)
if(NOT delimiter EQUAL -1)
  message(FATAL_ERROR "${INPUT}: contains )sql\", which ends the literal it is put into")
endif()
file(WRITE "${OUTPUT}" "#include \"storage/migrations.h\"

namespace archsweep {

extern const char* const ${NAME};
const char* const ${NAME} = R\"sql(${text})sql\";

}  // namespace archsweep
")
