# intr_embed_text(TARGET FILE...): makes the text files readable in the program as embedded_text("NAME").
#
# The generated source lies in the build tree and is made again when a file changes.
set(INTR_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/EmbedText.cmake)
function(intr_embed_text target)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_text.cpp)
  list(TRANSFORM ARGN PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ OUTPUT_VARIABLE inputs)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} "-DINPUTS=${inputs}" -DOUTPUT=${output} -P ${INTR_EMBED_SCRIPT}
    DEPENDS ${inputs} ${INTR_EMBED_SCRIPT} COMMENT "Embedding ${ARGN}" VERBATIM)
  add_custom_target(${target}_embedded_text DEPENDS ${output})
  add_dependencies(${target} ${target}_embedded_text)
  target_sources(${target} PRIVATE ${output})
  # The command is known to this folder alone, the target may belong to another one.
  set_source_files_properties(${output} TARGET_DIRECTORY ${target} PROPERTIES GENERATED TRUE)
endfunction()
