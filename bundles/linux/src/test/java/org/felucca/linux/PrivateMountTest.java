package org.felucca.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.felucca.linux.PrivateMount.Part;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateMountTest {
  @TempDir Path folder;

  @Test
  void of_overlayWithManyLayers_isReachedByItsHolderOnly() throws Exception {
    List<String> lowers = new ArrayList<>();
    for (int i = 0; i < 150; i++) {
      Path lower = Files.createDirectories(folder.resolve("layer-with-a-long-name-" + i + "/fs"));
      Files.writeString(lower.resolve("f" + i), "x");
      lowers.add(lower.toString());
    }
    Path upper = Files.createDirectory(folder.resolve("upper"));
    Path work = Files.createDirectory(folder.resolve("work"));
    List<String> options =
        List.of(
            "index=off",
            "workdir=" + work,
            "upperdir=" + upper,
            "lowerdir=" + String.join(":", lowers));
    int before = MountTable.read().mounts().size();
    try (PrivateMount mount =
        PrivateMount.of(List.of(new Part("overlay", "overlay", "", options)))) {
      assertEquals(150, mount.root().list().size());
      mount.root().unlink("f7");
      mount.root().mkdir("made", 0755);
      assertEquals(before, MountTable.read().mounts().size());
      assertTrue(Files.exists(Path.of("/sys/kernel")));
    }
    assertTrue(Files.isDirectory(upper.resolve("made")));
    assertTrue(Files.exists(folder.resolve("layer-with-a-long-name-7/fs/f7")));
  }

  @Test
  void of_secondPart_goesOverAFolderOfTheFirst() throws Exception {
    Path first = Files.createDirectories(folder.resolve("first/sub")).getParent();
    Path second = Files.createDirectory(folder.resolve("second"));
    Files.writeString(second.resolve("file"), "x");
    try (PrivateMount mount =
            PrivateMount.of(
                List.of(
                    new Part("bind", first.toString(), "", List.of("rbind", "ro")),
                    new Part("bind", second.toString(), "sub", List.of("rbind", "rw"))));
        Dir sub = mount.root().openDirInRoot("sub")) {
      assertEquals("file", sub.list().getFirst().name());
      sub.unlink("file");
      LinuxException e =
          assertThrows(LinuxException.class, () -> mount.root().mkdir("denied", 0755));
      assertEquals(Errno.EROFS, e.errno());
    }
  }

  @Test
  void of_missingLayer_says() {
    LinuxException e =
        assertThrows(
            LinuxException.class,
            () ->
                PrivateMount.of(
                    List.of(new Part("overlay", "overlay", "", List.of("lowerdir=/no/such")))));
    assertTrue(e.getMessage().contains("/no/such"), e.getMessage());
  }

  @Test
  void with_aProgramOfTheWork_seesThePath_andNobodyElse() throws Exception {
    try (Scratch scratch = Scratch.onTmpfs();
        Epoll epoll = Epoll.start("felucca-test-mount")) {
      scratch.file("folder/inside", "x");
      PrivateMount.Part part =
          new PrivateMount.Part("bind", scratch.path("folder"), "", List.of("ro", "bind"));
      String[] seen = new String[2];
      PrivateMount.with(
          List.of(part),
          path -> {
            seen[0] = path;
            try {
              seen[1] = new Spawner(epoll).run(SpawnRequest.of("/bin/ls", path)).outputText();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
      assertEquals("inside\n", seen[1]);
      assertFalse(Files.exists(Path.of(seen[0], "inside")));
    }
  }
}
