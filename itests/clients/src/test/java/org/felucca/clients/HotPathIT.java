package org.felucca.clients;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What is prepared ahead, or made once and used again, is as good as what is made for the one. */
class HotPathIT {
  private static final String STATUS = "grep -E 'Seccomp|NoNewPrivs' /proc/self/status";

  private static TestEngine engine;

  @BeforeAll
  static void start() {
    engine = TestEngine.start();
  }

  @AfterAll
  static void stop() {
    engine.close();
  }

  private static Result run(String... arguments) {
    String[] all = new String[arguments.length + 2];
    all[0] = "run";
    all[1] = "--rm";
    System.arraycopy(arguments, 0, all, 2, arguments.length);
    return engine.felucca(all);
  }

  private static Result crun(String script, String... options) {
    String[] all = new String[options.length + 6];
    all[0] = "--runtime";
    all[1] = "crun";
    System.arraycopy(options, 0, all, 2, options.length);
    int at = options.length + 2;
    for (String word : List.of("busybox", "sh", "-c", script)) {
      all[at++] = word;
    }
    return run(all);
  }

  @Test
  void run_again_isFilteredAsTheFirst() {
    String first = crun(STATUS).ok().out();
    assertTrue(first.contains("Seccomp:\t2"), first);
    assertEquals(first, crun(STATUS).ok().out());
    // Making a namespace is a system call that the filter refuses.
    assertTrue(crun("unshare -U true").status() != 0);
    assertTrue(crun("unshare -U true").status() != 0);
    crun("unshare -U true && echo may", "--security-opt", "seccomp=unconfined").prints("may\n");
    assertTrue(crun("unshare -U true").status() != 0);
  }

  @Test
  void run_otherProfiles_eachHasItsOwn() throws Exception {
    for (int errno : new int[] {1, 13}) {
      Files.writeString(
          engine.base().resolve("profile-" + errno + ".json"),
          """
          {"defaultAction":"SCMP_ACT_ALLOW",
           "syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":%d}]}
          """
              .formatted(errno));
    }
    String one = "seccomp=" + engine.base().resolve("profile-1.json");
    String other = "seccomp=" + engine.base().resolve("profile-13.json");
    for (int i = 0; i < 2; i++) {
      Result not = crun("mkdir /x", "--security-opt", one);
      assertTrue(not.err().contains("not permitted"), not::toString);
      Result denied = crun("mkdir /x", "--security-opt", other);
      assertTrue(denied.err().contains("ermission denied"), denied::toString);
      crun("mkdir /x && echo made").prints("made\n");
    }
  }

  @Test
  void exec_inAContainerWithAPreparedFilter_isFiltered() {
    crun("true").ok();
    engine.felucca("run", "-d", "--name", "long", "--runtime", "crun", "busybox", "sleep", "1000");
    Result filtered = engine.felucca("exec", "long", "sh", "-c", STATUS).ok();
    assertTrue(filtered.out().contains("Seccomp:\t2"), filtered::toString);
    engine.felucca("rm", "-f", "long").ok();
  }

  @Test
  void run_users_areThoseOfTheImageEachTime() throws Exception {
    String who = "id -u; id -g; echo $HOME";
    for (int i = 0; i < 2; i++) {
      crun(who).prints("0\n0\n/root\n");
      crun(who, "--user", "7:8").prints("7\n8\n/\n");
      Result unknown = crun(who, "--user", "nobody-knows");
      assertEquals(125, unknown.status(), unknown::toString);
    }
    engine
        .felucca(
            "run",
            "--name",
            "writer",
            "busybox",
            "sh",
            "-c",
            "echo 'me:x:42:43::/home/me:/bin/sh' >> /etc/passwd")
        .ok();
    engine.felucca("commit", "writer", "with-me").ok();
    engine.felucca("rm", "writer").ok();
    for (int i = 0; i < 2; i++) {
      run("--user", "me", "with-me", "sh", "-c", who).prints("42\n43\n/home/me\n");
      assertEquals(125, crun(who, "--user", "me").status());
    }
  }

  @Test
  void run_optionsOfOneCall_areNotThoseOfTheNext() {
    crun("echo $A$B; hostname", "-e", "A=1", "--hostname", "one").prints("1\none\n");
    crun("echo $A$B; hostname", "-e", "B=2", "--hostname", "two").prints("2\ntwo\n");
    assertTrue(!crun("hostname").ok().out().matches("one\n|two\n"));
  }

  @Test
  void trace_run_tellsTheStepsInOrder() {
    Result traced = crun("echo hello; exit 3", "--trace");
    assertEquals("hello\n", traced.out());
    assertEquals(3, traced.status());
    int at = 0;
    for (String step :
        List.of(
            "accepted",
            "options parsed",
            "image found",
            "snapshot prepared",
            "spec made",
            "record kept",
            "bundle made",
            "container runs",
            "exit seen",
            "output written",
            "answered")) {
      int next = traced.err().indexOf("  " + step + "\n", at);
      assertTrue(next >= at, step + " is missing or too early in " + traced);
      at = next;
    }
    for (String later : List.of("record removed", "shim ended")) {
      assertTrue(traced.err().contains(later + "\n"), traced::toString);
    }
  }

  @Test
  void trace_ofARefusedRun_tellsTheReasonToo() {
    Result refused = run("--trace", "no-such-image", "true");
    assertEquals(125, refused.status(), refused::toString);
    assertTrue(refused.err().contains("options parsed"), refused::toString);
    assertTrue(refused.err().contains("not found"), refused::toString);
  }
}
