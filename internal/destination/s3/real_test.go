package s3

import (
	"bytes"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/millrace/millrace/internal/realtest"
)

// rendered writes a body of some 400 KB, half of it random, and returns its
// file and that of the data.
func rendered(t *testing.T, compression Compression) (body, data string) {
	b := logBatch(200 << 10)
	random := make([]byte, 200<<10)
	_, _ = rand.NewChaCha8([32]byte{2}).Read(random)
	b.Records[0].Data = random
	dir := t.TempDir()
	body, data = filepath.Join(dir, "body"), filepath.Join(dir, "data")
	for file, d := range map[string]*Destination{body: New(Options{Compression: compression}), data: New(Options{})} {
		text, _, err := d.render(b)
		if err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return body, data
}

func readsTheSame(t *testing.T, data string, reader *exec.Cmd) {
	t.Helper()
	var complaint bytes.Buffer
	reader.Stderr = &complaint
	got, err := reader.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaint.String())
	}
	want, err := os.ReadFile(data)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes came back as %d", len(want), len(got))
	}
}

func TestPythonUnzips(t *testing.T) {
	body, data := rendered(t, ZIP)
	readsTheSame(t, data, exec.Command(realtest.Python(t, "zipfile"), "-c", `
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None and len(z.namelist()) == 1, z.namelist()
sys.stdout.buffer.write(z.read(z.namelist()[0]))`, body))
}

const readXerial = `
public class Read {
    public static void main(String[] args) throws Exception {
        try (java.io.InputStream in = new org.xerial.snappy.SnappyInputStream(new java.io.FileInputStream(args[0]))) {
            in.transferTo(System.out);
        }
        System.out.flush();
    }
}
`

// snappy-java itself.
func TestSnappyJavaReads(t *testing.T) {
	java := realtest.Program(t, "java")
	jars, err := filepath.Glob(filepath.Join(realtest.Clients(t), "java", "snappy-java-*.jar"))
	if err != nil || len(jars) == 0 {
		realtest.Missing(t, "snappy-java in MILLRACE_CLIENTS")
	}
	body, data := rendered(t, Snappy)
	source := filepath.Join(t.TempDir(), "Read.java")
	if err := os.WriteFile(source, []byte(readXerial), 0o600); err != nil {
		t.Fatal(err)
	}
	readsTheSame(t, data, exec.Command(java, "-cp", jars[0], source, body))
}

func TestPythonReadsHadoopSnappy(t *testing.T) {
	body, data := rendered(t, HadoopSnappy)
	readsTheSame(t, data, exec.Command(realtest.Python(t, "snappy"), "-c", `
import sys, snappy
d = snappy.HadoopStreamDecompressor()
with open(sys.argv[1], 'rb') as f:
    sys.stdout.buffer.write(d.decompress(f.read()))
d.flush()`, body))
}
