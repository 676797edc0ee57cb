package org.felucca.shell.verb;

import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.Identifiers;
import org.felucca.api.Scope;
import org.felucca.api.container.ContainerFiles;
import org.felucca.api.container.ContainerId;
import org.felucca.api.container.CopyOptions;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Copies files between a container and this machine. */
final class Copy extends Verb {
  @Option(
      names = {"-a", "--archive"},
      description = "keep the numbers of users and groups (else the copies are root's)")
  boolean archive;

  @Option(
      names = {"-L", "--follow-link"},
      description = "if the source is a symbolic link, copy what it names")
  boolean followLink;

  @Option(
      names = {"-q", "--quiet"},
      description = "as docker has it; nothing is said anyway")
  boolean quiet;

  @Parameters(
      index = "0",
      paramLabel = "[CONTAINER:]FROM",
      description = "a file or folder, or - for a tar archive on standard input")
  String from = "";

  @Parameters(
      index = "1",
      paramLabel = "[CONTAINER:]TO",
      description = "where to, or - for a tar archive on standard output")
  String to = "";

  /** A path, of a container perhaps. */
  private record End(@Nullable String container, String path) {
    /** A colon in the first part of a path tells a container, as in docker. */
    static End of(String text) {
      int colon = text.indexOf(':');
      int slash = text.indexOf('/');
      boolean inPath = slash >= 0 && slash < colon;
      boolean local = colon <= 0 || inPath || text.startsWith(".");
      return local
          ? new End(null, text)
          : new End(text.substring(0, colon), text.substring(colon + 1));
    }
  }

  @Override
  protected void run() {
    Scope scope = scope();
    End source = End.of(from);
    End target = End.of(to);
    CopyOptions options = new CopyOptions(archive, followLink);
    if (source.container() != null && target.container() != null) {
      throw EngineException.invalid(
          "cp copies between a container and this machine; for two containers: felucca cp %s - | felucca cp - %s"
              .formatted(from, to));
    }
    if (source.container() != null) {
      ContainerId id = container(source.container()).id();
      if (target.path().equals("-")) {
        if (call().isTerminal()) {
          throw EngineException.invalid(
              "an archive is nothing for a terminal; send it into a file or a pipe");
        }
        with(files -> files.read(scope, id, source.path(), options, call().out()));
      } else {
        with(files -> files.copyOut(scope, id, source.path(), local(target.path()), options));
      }
    } else if (target.container() != null) {
      ContainerId id = container(target.container()).id();
      if (source.path().equals("-")) {
        with(files -> files.write(scope, id, target.path(), options, call().in()));
      } else {
        with(files -> files.copyIn(scope, id, local(source.path()), target.path(), options));
      }
    } else {
      throw EngineException.invalid(
          "neither %s nor %s names a container; write NAME:/path"
              .formatted(Identifiers.quote(from), Identifiers.quote(to)));
    }
  }

  private interface Work {
    void accept(ContainerFiles files);
  }

  private void with(Work work) {
    services()
        .files()
        .use(
            files -> {
              work.accept(files);
              return true;
            });
  }

  /** Absolute; what the end says about folders stays. */
  private String local(String path) {
    if (path.isEmpty()) {
      throw EngineException.invalid("a path of this machine is missing; write . for the folder");
    }
    String absolute = call().path(path).toString();
    boolean content = path.equals(".") || path.endsWith("/.");
    return content ? absolute + "/." : path.endsWith("/") ? absolute + "/" : absolute;
  }

  @Override
  protected Names names() {
    return Names.CONTAINERS;
  }

  @Override
  protected Names names(int argument) {
    return argument < 2 ? Names.PATHS : Names.NONE;
  }

  @Override
  protected List<String> examples() {
    return List.of(
        "felucca cp web:/etc/passwd .",
        "felucca cp site/. web:/var/www   # what is in the folder",
        "felucca cp web:/var/log - | tar t",
        "tar c site | felucca cp - web:/var/www");
  }
}
