package searchindex

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/millrace/millrace/internal/searchindex/jsontree"
	"github.com/millrace/millrace/internal/searchindex/store"
	"github.com/millrace/millrace/internal/searchindex/wire"
)

// Settings of an index that are kept. The blocks are obeyed; copies are counted as missing, for there are none; shards
// and refresh_interval change nothing here.
var (
	dynamicSettings = []string{"blocks.read_only", "blocks.read_only_allow_delete", "blocks.read", "blocks.write", "number_of_replicas", "refresh_interval"}
	fixedSettings   = []string{"number_of_shards"}
)

// versionCreated is OpenSearch's number for 2.19.4.
const versionCreated = "136408227"

func defaultSettings() store.Settings {
	return store.Settings{"number_of_shards": "1", "number_of_replicas": "0"}
}

func replicas(x *store.Index) int {
	n, _ := strconv.Atoi(x.Settings["number_of_replicas"])
	return n
}

// parseSettings flattens {"index": {"blocks": {"write": true}}}, "index.blocks.write" and the same without index. A null
// takes a setting back.
func parseSettings(v jsontree.Value, creating bool, x *store.Index) (store.Settings, *wire.Error) {
	out := store.Settings{}
	if err := flattenSettings(out, "", v); err != nil {
		return nil, err
	}
	for name, value := range out {
		fixed := slices.Contains(fixedSettings, name)
		switch {
		case fixed && !creating:
			return nil, wire.IllegalArgument("Can't update non dynamic settings [[index.%s]] for open indices [[%s/%s]]", name, x.Name, x.UUID)
		case !fixed && !slices.Contains(dynamicSettings, name):
			return nil, wire.Errorf("settings_exception", "unknown setting [index.%s] please check that any required plugins are installed, or check the breaking changes documentation for removed settings", name)
		}
		if err := checkSetting(name, value); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func flattenSettings(out store.Settings, prefix string, v jsontree.Value) *wire.Error {
	for _, m := range v.Members {
		name := prefix + m.Name
		switch m.Value.Kind {
		case jsontree.Object:
			if err := flattenSettings(out, name+".", m.Value); err != nil {
				return err
			}
		case jsontree.Array:
			return wire.Unsupported("setting [" + name + "] as a list")
		default:
			out[strings.TrimPrefix(name, "index.")] = m.Value.Text
		}
	}
	return nil
}

func checkSetting(name, value string) *wire.Error {
	switch {
	case value == "":
		return nil
	case strings.HasPrefix(name, "blocks."):
		if value != "true" && value != "false" {
			return wire.IllegalArgument("Failed to parse value [%s] as only [true] or [false] are allowed.", value)
		}
	case strings.HasPrefix(name, "number_of_"):
		n, err := strconv.Atoi(value)
		if err != nil {
			return wire.IllegalArgument("Failed to parse value [%s] for setting [index.%s]", value, name)
		}
		if n < 0 || n > 1024 || n == 0 && name == "number_of_shards" {
			return wire.IllegalArgument("Failed to parse value [%s] for setting [index.%s] must be >= 1", value, name)
		}
	case strings.ContainsAny(value, "\n\r"):
		return wire.IllegalArgument("setting [index.%s] has a line break in its value", name)
	}
	return nil
}

// settingsObject shows settings as the real server nests them.
func settingsObject(x *store.Index) wire.Object {
	o := wire.Object{{Name: "replication", Value: wire.Object{{Name: "type", Value: "DOCUMENT"}}}}
	if v := x.Settings["refresh_interval"]; v != "" {
		o = append(o, wire.Member{Name: "refresh_interval", Value: v})
	}
	o = append(o, wire.Member{Name: "number_of_shards", Value: x.Settings["number_of_shards"]})
	var blocks wire.Object
	for _, name := range dynamicSettings {
		if v := x.Settings[name]; v != "" && strings.HasPrefix(name, "blocks.") {
			blocks = append(blocks, wire.Member{Name: strings.TrimPrefix(name, "blocks."), Value: v})
		}
	}
	if len(blocks) > 0 {
		o = append(o, wire.Member{Name: "blocks", Value: blocks})
	}
	return wire.Object{{Name: "index", Value: append(o,
		wire.Member{Name: "provided_name", Value: x.Name},
		wire.Member{Name: "creation_date", Value: fmt.Sprint(x.Created.UnixMilli())},
		wire.Member{Name: "number_of_replicas", Value: x.Settings["number_of_replicas"]},
		wire.Member{Name: "uuid", Value: x.UUID},
		wire.Member{Name: "version", Value: wire.Object{{Name: "created", Value: versionCreated}}})}}
}
