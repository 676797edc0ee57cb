package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Files go into containers and come out of them, and stay where they belong. */
class CopyIT {
  private static TestEngine engine;
  private static Path here;

  /** One that runs, with a volume, and one that has never run. */
  @BeforeAll
  static void start() throws IOException {
    engine = TestEngine.start();
    here = Files.createDirectory(engine.base().resolve("here"));
    Path volume = Files.createDirectory(engine.base().resolve("volume"));
    felucca(
            "run",
            "-d",
            "--name",
            "up",
            "-v",
            volume + ":/data",
            "busybox",
            "sh",
            "-c",
            "mkdir -p /srv/a/b; echo inner >/srv/a/b/file; ln -s b/file /srv/a/link;"
                + " ln -s /etc /srv/etc; ln -s ../../../../../../../.. /srv/out; touch /ready; sleep 1000")
        .ok();
    Commands.await(
        "it is ready", () -> felucca("exec", "up", "test", "-e", "/ready").status() == 0);
    felucca("create", "--name", "idle", "-v", volume + ":/mnt", "busybox", "true").ok();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static Result felucca(String... arguments) {
    return engine.felucca(arguments);
  }

  private static String inside(String script) {
    return felucca("exec", "up", "sh", "-c", script).ok().out();
  }

  private static Path folder(String name) throws IOException {
    return Files.createDirectories(here.resolve(name));
  }

  @Test
  void out_filesAndFolders_asDockerDoes() throws IOException {
    Path into = folder("out");
    felucca("cp", "up:/srv/a/b/file", into.toString()).prints("");
    assertEquals("inner\n", Files.readString(into.resolve("file")));
    felucca("cp", "up:srv/a/b/file", into + "/renamed").ok();
    assertEquals("inner\n", Files.readString(into.resolve("renamed")));
    felucca("cp", "up:/srv/a", into.toString()).ok();
    assertEquals("inner\n", Files.readString(into.resolve("a/b/file")));
    assertTrue(Files.isSymbolicLink(into.resolve("a/link")));
    felucca("cp", "up:/srv/a", into + "/new").ok();
    assertEquals("inner\n", Files.readString(into.resolve("new/b/file")));
    Path content = folder("content");
    felucca("cp", "up:/srv/a/.", content.toString()).ok();
    assertEquals("inner\n", Files.readString(content.resolve("b/file")));
    // A link as such, and what it names.
    felucca("cp", "up:/srv/a/link", content + "/as-such").ok();
    assertEquals("b/file", Files.readSymbolicLink(content.resolve("as-such")).toString());
    felucca("cp", "-L", "up:/srv/a/link", content + "/followed").ok();
    assertEquals("inner\n", Files.readString(content.resolve("followed")));
  }

  @Test
  void in_filesAndFolders_asDockerDoes() throws IOException {
    Path from = folder("in/site");
    Files.writeString(from.resolve("index"), "hello\n");
    Files.createSymbolicLink(from.resolve("link"), Path.of("index"));
    assertEquals(0, Commands.run(here, List.of("chown", "1234:56", from + "/index")).status());
    inside("mkdir -p /var/www");
    felucca("cp", from.toString(), "up:/var/www").ok();
    felucca("cp", from + "/.", "up:/var/www").ok();
    felucca("cp", from + "/index", "up:/var/www/renamed").ok();
    felucca("cp", "-a", from + "/index", "up:/var/www/kept").ok();
    assertEquals(
        "hello\nhello\nhello\n0:0\n1234:56\nindex\n",
        inside(
            "cd /var/www; cat site/index index renamed; stat -c %u:%g index kept; readlink site/link"));
    // Through a link in the container, which leads nowhere but within it.
    felucca("cp", from + "/index", "up:/srv/etc/from-here").ok();
    assertEquals("hello\n", inside("cat /etc/from-here"));
    assertFalse(Files.exists(Path.of("/etc/from-here")));
  }

  @Test
  void volumesAndStoppedContainers_areReached() throws IOException {
    Path file = Files.writeString(folder("volumes").resolve("note"), "note\n");
    felucca("cp", file.toString(), "up:/data/").ok();
    assertEquals("note\n", inside("cat /data/note"));
    assertEquals("note\n", Files.readString(engine.base().resolve("volume/note")));
    felucca("cp", file.toString(), "idle:/etc/note").ok();
    felucca("cp", "idle:/etc/note", here + "/back").ok();
    assertEquals("note\n", Files.readString(here.resolve("back")));
    felucca("export", "idle").ok();
  }

  @Test
  void streams_areTarArchives() throws IOException {
    assertEquals(
        List.of("a/", "a/b/", "a/b/file", "a/link"),
        engine.pipedInto("tar t", "cp", "up:/srv/a", "-").ok().out().lines().toList());
    Path from = folder("streams/dir");
    Files.writeString(from.resolve("x"), "from a stream\n");
    Path tar = here.resolve("stream.tar.gz");
    Commands.run(here.resolve("streams"), List.of("tar", "czf", tar.toString(), "dir")).ok();
    engine.feluccaReading(tar, "cp", "-", "up:/tmp").ok();
    assertEquals("from a stream\n", inside("cat /tmp/dir/x"));
    engine.feluccaReading(tar, "cp", "-", "up:/nowhere").refused("there is no folder", "/nowhere");
  }

  @Test
  void linksLeadNobodyOut() throws IOException {
    Path into = folder("escape");
    Path secret = Files.writeString(here.resolve("secret"), "of this machine\n");
    felucca("cp", "up:/srv/out" + secret, into.toString()).refused("there is no");
    felucca("cp", "up:/../../.." + secret, into.toString()).refused("there is no");
    // A folder that is a link when the container writes it, and a file below it in the archive.
    inside("mkdir -p /trap; ln -s " + into + " /trap/link");
    felucca("cp", "up:/trap", here.toString()).ok();
    felucca("cp", "up:/srv/a/b/file", here + "/trap/").ok();
    assertTrue(Files.isSymbolicLink(here.resolve("trap/link")));
    assertEquals(0, into.toFile().list().length);
  }

  @Test
  void whatMakesNoSense_isRefused() throws IOException {
    Path file = Files.writeString(folder("bad").resolve("file"), "x");
    felucca("cp", "up:/none", here.toString()).refused("there is no \"/none\"");
    felucca("cp", "nobody:/etc", here.toString()).refused("nobody", "not found");
    felucca("cp", file.toString(), here.toString()).refused("names a container");
    felucca("cp", "up:/etc", "idle:/").refused("felucca cp up:/etc - | felucca cp - idle:/");
    felucca("cp", "up:/etc", file.toString()).refused("can't be copied");
    felucca("cp", file.toString(), "up:/none/here").refused("there is no folder \"/none\"");
    felucca("cp", file.toString(), "up:/none/").refused("make it first");
    felucca("cp", file + "/", "up:/tmp").refused("is no folder");
    felucca("cp", file.toString(), "up:").refused("path in the container is missing");
    felucca("cp", "up:/etc", here + "/none/below").refused("there is no folder");
    // A file where the container has a folder.
    Files.writeString(here.resolve("bad/srv"), "x");
    felucca("cp", here + "/bad/.", "up:/").refused("there is a folder of that name");
  }
}
