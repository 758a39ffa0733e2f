# archsweep_list_blocks(OUTPUT FILES...): writes BlockTypes(), which lists the block of every file.
# blocks/inverted.cc defines InvertedBlock(), blocks/two_words.cc would define TwoWordsBlock().

function(archsweep_list_blocks output)
  set(declarations "")
  set(calls "")
  foreach(file IN LISTS ARGN)
    get_filename_component(stem "${file}" NAME_WE)
    string(REPLACE "_" ";" words "${stem}")
    set(function "")
    foreach(word IN LISTS words)
      string(SUBSTRING "${word}" 0 1 first)
      string(SUBSTRING "${word}" 1 -1 rest)
      string(TOUPPER "${first}" first)
      string(APPEND function "${first}${rest}")
    endforeach()
    string(APPEND declarations "BlockType ${function}Block();\n")
    string(APPEND calls "${function}Block(), ")
  endforeach()
  file(CONFIGURE OUTPUT "${output}" CONTENT "#include \"sweep/network/block_type.h\"

namespace archsweep {

${declarations}
std::span<const BlockType> BlockTypes() {
  static const std::vector<BlockType> kTypes = {${calls}};
  return kTypes;
}

}  // namespace archsweep
" @ONLY)
endfunction()
