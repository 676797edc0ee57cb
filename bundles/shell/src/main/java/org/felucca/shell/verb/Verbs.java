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

  /** What shells ask for completion. */
  public static final String COMPLETE = "__complete";

  private static final Map<String, Entry> ALL =
      new Table()
          .section("Containers")
          .all(containers())
          .verb("ps", "List containers", Ps::new)
          .verb("inspect", "Show all that is known of containers or images", Inspect::new)
          .group(
              "container",
              "The same by longer names: container ls, container rm",
              containers()
                  .verb("ls", "List containers", Ps::new)
                  .verb("inspect", "Show all that is known of containers", Inspect::new)
                  .verb("prune", "Remove all that do not run", ContainerPrune::new)
                  .alias("list", "ls")
                  .alias("ps", "ls"))
          .section("Images")
          .all(registries())
          .group("image", "Images", images().all(transfers()))
          .alias("images", "image ls")
          .alias("rmi", "image rm")
          .alias("save", "image export")
          .alias("load", "image import")
          .alias("history", "image history")
          .verb("bundle", "Lay an image out as an OCI bundle, for runc run by hand", Bundle::new)
          .verb("spec", "Write a default config.json, for runc run by hand", Spec::new)
          .section("Volumes")
          .group("volume", "Volumes", volumes())
          .section("Engine")
          .group(
              "namespace",
              "Namespaces: each has images, containers and all else of its own",
              new Table()
                  .verb("ls", "List namespaces", NamespaceList::new)
                  .verb("create", "Make a namespace", NamespaceCreate::new)
                  .verb("label", "Change the labels of a namespace", NamespaceLabel::new)
                  .verb("rm", "Remove empty namespaces", NamespaceRemove::new)
                  .alias("list", "ls"))
          .group(
              "snapshot",
              "What layers and containers lie in",
              new Table()
                  .verb("ls", "List snapshots", SnapshotList::new)
                  .verb("tree", "Show which stand on which", SnapshotTree::new)
                  .verb("usage", "List what each takes", SnapshotUsageList::new)
                  .verb("prepare", "Make one over a committed one", SnapshotPrepare::new)
                  .verb("rm", "Remove snapshots", SnapshotRemove::new)
                  .alias("list", "ls"))
          .group(
              "lease",
              "What keeps things alive that nothing else uses yet",
              new Table()
                  .verb("ls", "List leases and what they keep", LeaseList::new)
                  .verb("create", "Make a lease", LeaseCreate::new)
                  .verb("rm", "End leases, and what only they kept", LeaseRemove::new)
                  .alias("list", "ls"))
          .group(
              "runtime",
              "OCI runtimes",
              new Table()
                  .verb("ls", "List the runtimes that there are", RuntimeList::new)
                  .alias("list", "ls"))
          .verb("df", "Show what takes room on the disk", DiskUseList::new)
          .verb("gc", "Remove what nothing keeps, or say what that is", CollectGarbage::new)
          .verb("why", "Show what keeps a blob, a snapshot or anything else", Why::new)
          .group(
              "cert",
              "Certificates of remote clients and of the engine",
              new Table()
                  .verb(
                      "init", "Make an authority, and the engine's certificate", CertVerb.Init::new)
                  .verb("server", "Make a new certificate of the engine", CertVerb.Server::new)
                  .verb("client", "Make the certificate of a client", CertVerb.Client::new))
          .verb("events", "Follow what happens", Events::new)
          .verb("info", "Show the engine at a glance", Info::new)
          .verb("version", "Show the versions of the engine", Version::new)
          .section("Shell")
          .verb("shell", "Open an interactive shell, or run the lines of a pipe", OpenShell::new)
          .verb("source", "Run the lines of a file", Source::new)
          .verb("completion", "Write the completion file of a shell", CompletionFile::new)
          .verb("help", "Show this, or the help of a verb", Help::new)
          .hidden(WAIT_FOR_EXIT, WaitForExit::new)
          .hidden(COMPLETE, Complete::new)
          .entries;

  private Verbs() {}

  /** The verbs and groups by name. */
  public static Map<String, Entry> all() {
    return ALL;
  }

  /** What can be done with containers, at the top and below {@code container}. */
  private static Table containers() {
    return new Table()
        .verb("run", "Create a container from an image and start it", Run::new)
        .verb("create", "Create a container from an image", Create::new)
        .verb("start", "Start containers", Start::new)
        .verb("stop", "Stop containers: a signal, then SIGKILL after a while", Stop::new)
        .verb("kill", "Send a signal to containers", Kill::new)
        .verb("restart", "Stop containers and start them again", Restart::new)
        .verb("pause", "Freeze containers", Pause::new)
        .verb("unpause", "Let paused containers go on", Unpause::new)
        .verb("update", "Change limits and restart policies", Update::new)
        .verb("rename", "Give a container another name", Rename::new)
        .verb("exec", "Run a further program in a running container", Exec::new)
        .verb("attach", "Join the terminal to a running container", Attach::new)
        .verb("logs", "Show what a container has written", Logs::new)
        .verb("top", "Show the processes of a container", Top::new)
        .verb("stats", "Show what containers use", Stats::new)
        .verb("wait", "Wait until containers have ended, and print their status", Wait::new)
        .verb("rm", "Remove containers", Remove::new)
        .verb("cp", "Copy files between a container and this machine", Copy::new)
        .verb("diff", "Show what is not as in the image", Diff::new)
        .verb("commit", "Make an image of a container", Commit::new)
        .verb("export", "Write the files of a container as a tar archive", Export::new);
  }

  private static Table volumes() {
    return new Table()
        .verb("create", "Make a volume", VolumeCreate::new)
        .verb("ls", "List volumes", VolumeList::new)
        .verb("inspect", "Show all that is known of volumes", VolumeInspect::new)
        .verb("rm", "Remove volumes", VolumeRemove::new)
        .verb("prune", "Remove volumes that no container mounts", VolumePrune::new)
        .alias("list", "ls");
  }

  private static Table transfers() {
    return new Table()
        .verb("pull", "Pull an image from a registry", Pull::new)
        .verb("push", "Push an image to a registry", Push::new);
  }

  private static Table registries() {
    return transfers()
        .verb("search-tags", "List the tags of a repository, or the repositories", SearchTags::new)
        .verb("login", "Log in at a registry", Login::new)
        .verb("logout", "Forget the login at a registry", Logout::new);
  }

  private static Table images() {
    return new Table()
        .verb("import", "Import images from an archive or an OCI layout", ImageImport::new)
        .verb("ls", "List images", ImageList::new)
        .verb("inspect", "Show all that is known of images", ImageInspect::new)
        .verb("history", "List the steps in which an image was made", ImageHistory::new)
        .verb("export", "Write images into an archive or an OCI layout", ImageExport::new)
        .verb("tag", "Give an image another name", ImageTag::new)
        .verb("untag", "Take a name away from an image that stays", ImageUntag::new)
        .verb("rm", "Remove image names, and what only they used", ImageRemove::new)
        .verb("prune", "Remove images that nobody uses", ImagePrune::new)
        .verb("unpack", "Lay images out before a container needs them", ImageUnpack::new)
        .verb("mount", "Show the files of an image in a folder, or list where", ImageMount::new)
        .verb("umount", "Take mounted images out of their folders", ImageUnmount::new)
        .verb("check", "Look for damage in images", CheckImages::new)
        .alias("save", "export")
        .alias("load", "import")
        .alias("unmount", "umount")
        .alias("list", "ls");
  }

  private static final class Table {
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private String section = "";

    /** What comes next stands under this heading. */
    Table section(String heading) {
      section = heading;
      return this;
    }

    Table verb(String name, String description, Supplier<? extends Verb> maker) {
      entries.put(name, new Leaf(section, description, maker, false, ""));
      return this;
    }

    /** Adds all that another table has, under this heading. */
    Table all(Table other) {
      other.entries.forEach(
          (name, entry) -> {
            if (entry instanceof Leaf leaf) {
              entries.put(
                  name,
                  new Leaf(
                      section, leaf.description(), leaf.maker(), leaf.hidden(), leaf.aliasOf()));
            }
          });
      return this;
    }

    /**
     * Another word for what is here already.
     *
     * @param path the words for it, such as {@code image ls}
     */
    Table alias(String name, String path) {
      Map<String, Entry> here = entries;
      for (String word : path.split(" ", -1)) {
        switch (here.get(word)) {
          case Group group -> here = group.children();
          case Leaf leaf ->
              entries.put(name, new Leaf(section, leaf.description(), leaf.maker(), true, path));
          case null -> throw new IllegalArgumentException(path);
        }
      }
      return this;
    }

    /** What no person types. */
    Table hidden(String name, Supplier<? extends Verb> maker) {
      entries.put(name, new Leaf(section, "", maker, true, ""));
      return this;
    }

    Table group(String name, String description, Table children) {
      entries.put(name, new Group(section, description, children.entries));
      return this;
    }
  }
}
