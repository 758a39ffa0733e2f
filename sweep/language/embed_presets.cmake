# cmake -DOUTPUT=presets.cc -DFILES=a.yaml,b.yaml -P embed_presets.cmake
# Writes a C++ source that defines archsweep::Presets() with the text of each file under its name.
string(REPLACE "," ";" files "${FILES}")
set(presets "")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  file(READ "${file}" text)
  string(FIND "${text}" ")yaml\"" delimiter)
  if(NOT delimiter EQUAL -1)
    message(FATAL_ERROR "${file}: contains )yaml\", which ends the literal it is put into")
  endif()
  string(APPEND presets "    {\"${name}\", R\"yaml(${text})yaml\"},\n")
endforeach()
file(WRITE "${OUTPUT}" "#include \"sweep/language/presets.h\"

namespace archsweep {
namespace {

constexpr Preset kPresets[] = {
${presets}};

}  // namespace

std::span<const Preset> Presets() { return kPresets; }

}  // namespace archsweep
")
