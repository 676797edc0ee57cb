package org.felucca.shell.page;

import java.util.List;
import picocli.CommandLine.Model.CommandSpec;

/**
 * What is told of a verb.
 *
 * @param path its words, such as {@code image ls}
 * @param description what it does, in a line
 * @param spec its options and arguments
 * @param notes what its help says behind the options
 * @param examples commands as they are typed, with an explanation behind {@code #}
 * @param hidden whether lists leave it out: another word for a verb
 */
public record VerbPage(
    String path,
    String description,
    CommandSpec spec,
    List<String> notes,
    List<String> examples,
    boolean hidden) {}
