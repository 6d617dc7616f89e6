package main

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/millrace/millrace/internal/loadgen"
)

func newGenBeacon() *cobra.Command {
	opts := loadgen.BeaconOptions{}
	var bursts string
	c := &cobra.Command{
		Use:   "beacon URL CALLS [DELAY]",
		Short: "Send beacons of a site's visitors to a web server",
		Long: `Send beacons of a site's visitors to a web server: each call is a POST to URL?call=N whose headers event, clientid, page, Referer and custom_metric_… say what one of them
did. DELAY is seconds before each call. Progress goes to standard output, the sum to standard error; the command succeeds if every call was answered with 200.`,
		Args: cobraRange(2, 3),
		RunE: func(c *cobra.Command, args []string) error {
			var err error
			opts.URL = args[0]
			if opts.Calls, err = strconv.Atoi(args[1]); err != nil || opts.Calls < 1 {
				return usage(fmt.Errorf("gen beacon: CALLS is %q, want a number of at least 1", args[1]))
			}
			if len(args) == 3 {
				delay, err := strconv.ParseFloat(args[2], 64)
				if err != nil || !(delay >= 0) || delay > math.MaxInt32 {
					return usage(fmt.Errorf("gen beacon: DELAY is %q, want a number of seconds", args[2]))
				}
				opts.Delay = time.Duration(delay * float64(time.Second))
			}
			if bursts != "" {
				if opts.Burst, err = loadgen.ParseBurst(bursts); err != nil {
					return usage(fmt.Errorf("gen beacon: --%w", err))
				}
			}
			opts.Progress = c.OutOrStdout()
			result, err := loadgen.Beacons(c.Context(), opts)
			if result.Answered > 0 || len(result.Failed) > 0 {
				fmt.Fprintln(c.OutOrStdout())
				fmt.Fprintln(c.ErrOrStderr(), result)
			}
			if err != nil {
				return err
			}
			if len(result.Failed) > 0 {
				return fmt.Errorf("gen beacon: %d of %d calls failed", opts.Calls-result.Answered, opts.Calls)
			}
			return nil
		},
	}
	c.Flags().Float64Var(&opts.Rate, "rate", 0, "calls a second, in place of DELAY; several may be under way at once")
	c.Flags().StringVar(&bursts, "bursts", "", "EVERY,LENGTH,FACTOR: in the last LENGTH of each EVERY the rate is FACTOR times as high, as in 60s,10s,5")
	c.Flags().IntVar(&opts.Visitors, "visitors", 1000, "of whom each call is one")
	c.Flags().Uint64Var(&opts.Seed, "seed", 1, "the same seed gives the same calls")
	return c
}

// cobraRange is cobra.RangeArgs as a usage error.
func cobraRange(from, to int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if err := cobra.RangeArgs(from, to)(c, args); err != nil {
			return usage(err)
		}
		return nil
	}
}
