package org.felucca.shell.verb;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.felucca.shell.verb.Entry.Group;
import org.felucca.shell.verb.Entry.Leaf;

/** Every verb of Felucca's own, in the order in which the overview lists them. */
public final class Verbs {
  /** What a client says that comes back to a process it was joined to. */
  public static final String WAIT_FOR_EXIT = "wait-for-exit";

  private static final Map<String, Entry> ALL =
      new Table()
          .verb("run", "Create a container from an image and start it", Run::new)
          .verb("create", "Create a container from an image", Create::new)
          .verb("start", "Start containers", Start::new)
          .verb("stop", "Stop containers: a signal, then SIGKILL after a while", Stop::new)
          .verb("kill", "Send a signal to containers", Kill::new)
          .verb("exec", "Run a further program in a running container", Exec::new)
          .verb("attach", "Join the terminal to a running container", Attach::new)
          .verb("logs", "Show what a container has written", Logs::new)
          .verb("ps", "List containers", Ps::new)
          .verb("inspect", "Show all that is known of containers or images", Inspect::new)
          .verb("wait", "Wait until containers have ended, and print their status", Wait::new)
          .verb("rm", "Remove containers", Remove::new)
          .group(
              "image",
              "Images",
              new Table()
                  .verb(
                      "import", "Import images from an archive or an OCI layout", ImageImport::new)
                  .verb("ls", "List images", ImageList::new)
                  .verb("inspect", "Show all that is known of images", ImageInspect::new)
                  .verb("tag", "Give an image another name", ImageTag::new)
                  .verb("rm", "Remove image names, and what only they used", ImageRemove::new)
                  .alias("list", ImageList::new))
          .group(
              "container",
              "Containers, by the longer names",
              new Table()
                  .verb("run", "Create a container from an image and start it", Run::new)
                  .verb("create", "Create a container from an image", Create::new)
                  .verb("start", "Start containers", Start::new)
                  .verb("stop", "Stop containers: a signal, then SIGKILL after a while", Stop::new)
                  .verb("kill", "Send a signal to containers", Kill::new)
                  .verb("exec", "Run a further program in a running container", Exec::new)
                  .verb("attach", "Join the terminal to a running container", Attach::new)
                  .verb("logs", "Show what a container has written", Logs::new)
                  .verb("ls", "List containers", Ps::new)
                  .verb("inspect", "Show all that is known of containers", Inspect::new)
                  .verb(
                      "wait", "Wait until containers have ended, and print their status", Wait::new)
                  .verb("rm", "Remove containers", Remove::new)
                  .alias("list", Ps::new)
                  .alias("ps", Ps::new))
          .group(
              "runtime",
              "OCI runtimes",
              new Table()
                  .verb("ls", "List the runtimes that there are", RuntimeList::new)
                  .alias("list", RuntimeList::new))
          .verb("events", "Follow what happens", Events::new)
          .verb("info", "Show the engine at a glance", Info::new)
          .verb("version", "Show the versions of the engine", Version::new)
          .verb(
              "shell",
              "Open the interactive shell, or run the lines of standard input",
              OpenShell::new)
          .verb("source", "Run the lines of a file", Source::new)
          .verb("help", "Show this, or the help of a verb", Help::new)
          .alias("images", ImageList::new)
          .alias("rmi", ImageRemove::new)
          .alias(WAIT_FOR_EXIT, WaitForExit::new)
          .entries;

  private Verbs() {}

  /** The verbs and groups by name. */
  public static Map<String, Entry> all() {
    return ALL;
  }

  private static final class Table {
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    Table verb(String name, String description, Supplier<? extends Verb> maker) {
      entries.put(name, new Leaf(description, maker, false));
      return this;
    }

    Table alias(String name, Supplier<? extends Verb> maker) {
      entries.put(name, new Leaf("", maker, true));
      return this;
    }

    Table group(String name, String description, Table children) {
      entries.put(name, new Group(description, children.entries));
      return this;
    }
  }
}
